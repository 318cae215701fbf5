import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { bundled } from '../../support/bundle';
import { projectRoot } from '../../support/projectRoot';
import type { MemoryCase, MemoryResult } from '../../bench/memory';

/** Steps of the embedded model in a process of its own: its peak, and what the preflight says of it. */
async function peakOf(changed: Partial<MemoryCase>): Promise<MemoryResult> {
  const child = await bundled('test/bench/memoryChild.ts', 'memory-child');
  const file = path.join(projectRoot, 'media', 'models', 'phantom-sam.safetensors');
  const asked = { file, model: 'phantom', size: 256, batch: 16, tune: 'adapters', recompute: 'none', accumulate: 1 };
  const { stdout } = await promisify(execFile)(process.execPath, [child, JSON.stringify({ ...asked, ...changed })]);
  return JSON.parse(stdout) as MemoryResult;
}

it('of a step is what was estimated, and less where blocks are computed again or a batch passes in parts', async () => {
  const [kept, again, parts] = [
    await peakOf({}),
    await peakOf({ recompute: 'blocks' }),
    await peakOf({ accumulate: 4 }),
  ];
  // Half of these peaks is Node and the runtime: what a step itself takes shrinks by more.
  expect(again.peakMB).toBeLessThan(0.85 * kept.peakMB);
  expect(parts.peakMB).toBeLessThan(0.85 * kept.peakMB);
  for (const { estimateMB, peakMB } of [kept, again, parts]) {
    expect(Math.abs(estimateMB / peakMB - 1), `${estimateMB} MB for ${peakMB} MB`).toBeLessThan(0.25);
  }
});
