import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Tune } from '../../src/kernel/inference';
import type { MemoryEstimate } from '../../src/kernel/runtime/memoryEstimate';
import { samConfigs } from '../../src/kernel/sam/config';
import type { Recompute } from '../../src/kernel/training/trainStep';
import { benchRow, type Bench, type BenchRow } from './bench';
import { inTemporaryFolder } from './temporaryFolder';
import { writeUntrained } from './untrained';

export interface MemoryCase {
  readonly file: string;
  readonly model: keyof typeof samConfigs;
  readonly size: number;
  readonly batch: number;
  readonly tune: Tune;
  readonly recompute: Recompute;
  readonly accumulate: number;
}

export interface MemoryResult {
  readonly estimateMB: number;
  readonly peakMB: number;
  readonly estimate: MemoryEstimate;
}

type Sketch = Partial<Omit<MemoryCase, 'file'>> & Pick<MemoryCase, 'model' | 'size'>;

const sketches: readonly Sketch[] = [
  { model: 'phantom', size: 256, batch: 4 },
  { model: 'phantom', size: 256, batch: 16, recompute: 'blocks' },
  { model: 'phantom', size: 256, batch: 8, tune: 'full' },
  { model: 'vit_b', size: 256, batch: 4 },
  { model: 'vit_b', size: 256, batch: 4, recompute: 'blocks' },
  { model: 'vit_b', size: 256, batch: 8, accumulate: 4 },
  { model: 'vit_b', size: 256, batch: 2, tune: 'full' },
  { model: 'vit_b', size: 512, batch: 2 },
  { model: 'vit_b', size: 512, batch: 2, recompute: 'blocks' },
  { model: 'vit_b', size: 1024, batch: 4, tune: 'decoder' },
  { model: 'vit_b', size: 1024, batch: 1, recompute: 'blocks' },
  { model: 'vit_b', size: 1024, batch: 2, recompute: 'blocks' },
  { model: 'vit_l', size: 256, batch: 2 },
];

/** The peak of training steps against what the preflight says; the reference is the measured one. */
export const memory: Bench = {
  description: 'peak memory of a training step: the estimate against what a process of its own reaches',
  run: () =>
    inTemporaryFolder(async (folder) => {
      const rows: BenchRow[] = [];
      for (const sketch of sketches) rows.push(await row(folder, sketch));
      return { rows };
    }),
};

async function row(folder: string, sketch: Sketch): Promise<BenchRow> {
  const complete = { batch: 1, tune: 'adapters', recompute: 'none', accumulate: 1, ...sketch } as const;
  const file = path.join(folder, `${sketch.model}.safetensors`);
  // Once per model.
  if (!existsSync(file)) await writeUntrained(file, samConfigs[sketch.model]);
  const { model, size, batch, tune, recompute, accumulate } = complete;
  const name = `${model} ${size} px, batch ${batch}, ${tune}${recompute === 'blocks' ? ', recompute' : ''}${accumulate > 1 ? `, ${accumulate} parts` : ''}`;
  console.error(`${name} …`);
  const child = path.join(__dirname, 'bench-memory.js');
  const { stdout } = await promisify(execFile)(process.execPath, [child, JSON.stringify({ ...complete, file })]);
  const { estimateMB, peakMB, estimate } = JSON.parse(stdout) as MemoryResult;
  console.error(`  ${JSON.stringify(estimate)} measured ${Math.round(peakMB)} MB`);
  const deviation = Math.abs(estimateMB / peakMB - 1);
  const measured = benchRow({ name, ours: estimateMB, reference: peakMB, goal: 1.2, unit: 'MB' });
  return { ...measured, holds: deviation <= 0.2 };
}
