// npm run bench -- NAME [--json]: one measurement of this machine, as a table or as one JSON object.
import { parseArgs } from 'node:util';
import { UsageError } from '../../src/kernel/errors';
import type { Bench } from './bench';
import { memory } from './memory';
import { predict } from './predict';
import { machine, table, type BenchReport } from './report';

const benches: Readonly<Record<string, Bench>> = { memory, predict };

function listing(): string {
  const width = Math.max(...Object.keys(benches).map((name) => name.length));
  const lines = Object.entries(benches).map(([name, { description }]) => `  ${name.padEnd(width)}  ${description}`);
  return ['npm run bench -- NAME [--json]', '', ...lines].join('\n');
}

function parse(args: readonly string[]): { readonly name: string | null; readonly json: boolean } {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    if (positionals.length > 1) throw new UsageError(`one benchmark at a time, not ${positionals.join(', ')}`);
    return { name: positionals[0] ?? null, json: values.json };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message);
  }
}

async function main(args: readonly string[]): Promise<void> {
  const { name, json } = parse(args);
  if (name === null) return console.log(listing());
  if (!Object.hasOwn(benches, name)) throw new UsageError(`there is no benchmark ${name}\n\n${listing()}`);
  const report: BenchReport = { rows: await benches[name].run(), machine: machine(), date: new Date().toISOString() };
  console.log(json ? JSON.stringify(report) : table(report));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof UsageError ? `bench: ${error.message}` : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
