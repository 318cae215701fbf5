import path from 'node:path';
import { UserError } from '../../src/kernel/errors';
import { createLocalExecutor } from '../../src/kernel/runtime/localExecutor';
import { defaultThreads } from '../../src/kernel/runtime/threads';
import { samConfigs } from '../../src/kernel/sam/config';
import { benchRow, type Bench, type BenchRow } from './bench';
import { compareRuns, comparisonRows } from './comparison';
import { openingRows } from './opening';
import { readProfile, type KernelTime } from './profile';
import { projectRoot } from '../support/projectRoot';
import { inTemporaryFolder } from './temporaryFolder';
import { TorchReference } from './torchReference';
import { loadWork, type Work } from './workloads';

const { vit_b, vit_h } = samConfigs;

const step: Work = { what: 'step', config: vit_b, imageSize: 256, batch: 4 };
const works: readonly (Work & { readonly name: string; readonly runs: number })[] = [
  { name: 'adapter training step, ViT-B, 256 px, batch 4', ...step, runs: 7 },
  { name: 'forward, ViT-B, 256 px, batch 4', what: 'forward', config: vit_b, imageSize: 256, batch: 4, runs: 7 },
  { name: 'encode, ViT-B, 1024 px, batch 1', what: 'encode', config: vit_b, imageSize: 1024, batch: 1, runs: 5 },
];

/** What the engine is held to on the processor (goals: docs/performance.md). */
export const engine: Bench = {
  description: 'training step, forward and encode against PyTorch on the CPU; opening ViT-H (minutes)',
  async run() {
    const rows: BenchRow[] = [];
    for (const { name, runs, ...work } of works) rows.push(...(await comparedRows(name, work, runs)));
    const { row, details } = await splitOfStep();
    rows.push(row, ...(await openingRows(vit_h)));
    return { rows, details };
  },
};

async function comparedRows(name: string, work: Work, runs: number): Promise<BenchRow[]> {
  console.error(`${name} (${runs} runs, by turns with PyTorch) …`);
  const threads = defaultThreads();
  const executor = await createLocalExecutor({ device: 'cpu', threads });
  let reference: TorchReference | null = null;
  try {
    const loaded = await loadWork(executor, work);
    let missing: string | undefined;
    try {
      reference = await TorchReference.start(projectRoot, work, { device: 'cpu', mode: 'eager', threads });
      console.error(`  against ${reference.description}`);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      missing = error.message;
    }
    const comparison = await compareRuns(runs, () => loaded.run(), reference);
    return comparisonRows(name, 0.5, { ...comparison, missing: missing ?? comparison.missing });
  } finally {
    await reference?.stop();
    await executor.dispose();
  }
}

/** Where the time of a training step goes: the runtime's kernels, the runtime between them, feeding and fetching. */
async function splitOfStep(): Promise<{ row: BenchRow; details: string[] }> {
  const runs = 5;
  console.error(`the same step, profiled (${runs} runs) …`);
  return inTemporaryFolder(async (folder) => {
    const executor = await createLocalExecutor({ device: 'cpu', profile: path.join(folder, 'step') });
    let wall = 0;
    try {
      const loaded = await loadWork(executor, step);
      for (let warmUp = 0; warmUp < 2; warmUp++) await loaded.run();
      const begin = performance.now();
      for (let run = 0; run < runs; run++) await loaded.run();
      wall = (performance.now() - begin) / runs;
      await loaded.release();
    } finally {
      await executor.dispose();
    }
    const profile = await readProfile(folder, runs);
    const row = benchRow({
      name: 'share of a step outside the runtime’s kernels',
      ours: 100 * (1 - profile.kernelMs / wall),
      goal: 10,
      unit: '%',
    });
    const split = [
      `a step of ${wall.toFixed(0)} ms: ${profile.kernelMs.toFixed(0)} ms in kernels,`,
      `${(profile.runMs - profile.kernelMs).toFixed(0)} ms in the runtime between them,`,
      `${(wall - profile.runMs).toFixed(0)} ms feeding and fetching`,
    ].join(' ');
    return { row, details: [split, '', ...shares(profile.byOperator.slice(0, 12), wall)] };
  });
}

const shares = (kernels: readonly KernelTime[], wall: number): string[] =>
  kernels.map(
    ({ name, ms }) => `${ms.toFixed(1).padStart(9)} ms  ${((100 * ms) / wall).toFixed(1).padStart(5)} %  ${name}`,
  );
