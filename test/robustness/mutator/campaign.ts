// A number of cases, shared out among the readers, and what is said of them afterwards.
import fs from 'node:fs';
import path from 'node:path';
import { bundledTogether } from '../../support/bundle';
import { projectRoot } from '../../support/projectRoot';
import { temporaryFolder } from '../../support/temporaryFolder';
import { readers } from './index';
import { runAll, type Task } from './pool';
import type { Verdict } from './verdict';

export interface Campaign {
  readonly seed: number;
  readonly cases: number;
  readonly processes: number;
  /** Only these readers. */
  readonly only?: RegExp;
}

/** Runs a campaign. `MEDSA_CASE="NIfTI 17"` runs that case alone. */
export async function runCampaign({ seed, cases, processes, only = /./ }: Campaign): Promise<Verdict[]> {
  const folder = temporaryFolder('robustness');
  const programs = await bundledTogether({
    child: 'test/robustness/mutator/child.ts',
    cell: 'src/kernel/notebook/cell/main.ts',
    cli: 'src/kernel/cli/main.ts',
  });
  const failures = path.join(projectRoot, 'out', 'robustness', 'failures');
  fs.mkdirSync(failures, { recursive: true });
  return runAll(tasksOf(cases, only), {
    entry: path.join(programs, 'child.js'),
    folder,
    seed,
    processes,
    failures,
    env: { CELL_ENTRY: path.join(programs, 'cell.js'), CLI: path.join(programs, 'cli.js') },
  });
}

function tasksOf(cases: number, only: RegExp): Task[] {
  const [, name, number] = /^(.+) (\d+)$/.exec(process.env.MEDSA_CASE ?? '') ?? [];
  if (number !== undefined) return [{ reader: name, number: Number(number) }];
  const chosen = readers.filter((reader) => only.test(reader.name));
  const shares = chosen.reduce((sum, { share }) => sum + share, 0);
  return chosen.flatMap((reader) =>
    Array.from({ length: Math.max(1, Math.round((cases * reader.share) / shares)) }, (_, at) => ({
      reader: reader.name,
      number: at,
    })),
  );
}

/** What ended wrong, in lines that tell how to see it again. */
export const complaints = (verdicts: readonly Verdict[]): string[] =>
  verdicts
    .filter(({ ending }) => ending === 'wrong')
    .map(({ reader, number, what, message }) => `MEDSA_CASE="${reader} ${number}": ${what}\n    ${message}`);

/** A row for each reader: cases, how they ended, the slowest, the most memory. */
export function table(verdicts: readonly Verdict[]): string {
  const rows = readers.flatMap(({ name }) => {
    const own = verdicts.filter(({ reader }) => reader === name);
    return own.length === 0 ? [] : [row(name, own)];
  });
  const head =
    '| reader | cases | refused, typed | read, whole | wrong | slowest, s of processor | slowest, s of clock | most memory, MB |\n| --- | --- | --- | --- | --- | --- | --- | --- |';
  return [head, ...rows, row('all', verdicts)].join('\n');
}

function row(name: string, own: readonly Verdict[]): string {
  const count = (ending: Verdict['ending']): number => own.filter((one) => one.ending === ending).length;
  const most = (of: (one: Verdict) => number, digits = 0): string => Math.max(...own.map(of)).toFixed(digits);
  return `| ${name} | ${own.length} | ${count('typed')} | ${count('right')} | ${count('wrong')} | ${most(({ ms }) => ms / 1000, 1)} | ${most(({ wallMs }) => wallMs / 1000, 1)} | ${most(({ megabytes }) => megabytes)} |`;
}
