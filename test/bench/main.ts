// npm run bench -- NAME [options]: one measurement of this machine, as a table or as one JSON object.
import { parseArgs } from 'node:util';
import { UserError, UsageError } from '../../src/kernel/errors';
import { deviceNames, type DeviceName } from '../../src/kernel/runtime/types';
import type { Bench, BenchOptions } from './bench';
import { curves } from './curves';
import { engine } from './engine';
import { gpu } from './gpu';
import { inspect } from './inspect';
import { memory } from './memory';
import { predict } from './predict';
import { machine, table, type BenchReport } from './report';
import { ui } from './ui';

const benches: Readonly<Record<string, Bench>> = { predict, inspect, engine, memory, gpu, ui, curves };

function listing(): string {
  const width = Math.max(...Object.keys(benches).map((name) => name.length));
  const lines = Object.entries(benches).flatMap(([name, { description, takes = {} }]) => [
    `  ${name.padEnd(width)}  ${description}`,
    ...Object.entries(takes).map(([option, meaning]) => `  ${''.padEnd(width)}    --${option}: ${meaning}`),
  ]);
  return ['npm run bench -- NAME [--json] [options]', '', ...lines].join('\n');
}

interface Request extends BenchOptions {
  readonly name: string | null;
  readonly json: boolean;
}

function parse(args: readonly string[]): Request {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false }, device: { type: 'string' }, model: { type: 'string' } },
      allowPositionals: true,
    });
    if (positionals.length > 1) throw new UsageError(`one benchmark at a time, not ${positionals.join(', ')}`);
    return {
      name: positionals[0] ?? null,
      json: values.json,
      device: deviceOf(values.device),
      model: values.model ?? null,
    };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message);
  }
}

function deviceOf(name: string | undefined): DeviceName | null {
  if (name === undefined) return null;
  const device = deviceNames.find((known) => known === name);
  if (device === undefined) throw new UsageError(`there is no device ${name}: ${deviceNames.join(', ')}`);
  return device;
}

async function main(args: readonly string[]): Promise<void> {
  const { name, json, ...options } = parse(args);
  if (name === null) return console.log(listing());
  if (!Object.hasOwn(benches, name)) throw new UsageError(`there is no benchmark ${name}\n\n${listing()}`);
  const bench = benches[name];
  for (const option of ['device', 'model'] as const) {
    if (options[option] !== null && bench.takes?.[option] === undefined) {
      throw new UsageError(`the benchmark ${name} takes no --${option}\n\n${listing()}`);
    }
  }
  const report: BenchReport = { ...(await bench.run(options)), machine: machine(), date: new Date().toISOString() };
  console.log(json ? JSON.stringify(report) : table(report));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof UserError ? `bench: ${error.message}` : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
