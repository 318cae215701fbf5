// A kernel that is killed while it writes its journal anew, without the steps that lead nowhere: the old one is there, or
// the new one, and they say the same.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Death } from '../../support/killedRun';
import { temporaryFolder } from '../../support/temporaryFolder';
import { Annotating, type Checkpoint, type Step } from '../../robustness/kills/annotation';

// Each is several kernels and 600 steps, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** As many steps back and forth as fill a journal. */
const pairs = 300;
const click = (id: string, x: number): Step => ({
  ...{ type: 'viewer/prompt/add', object: 'object-1', slice: 3, id },
  prompt: { kind: 'point', x, y: 20, label: 1 },
});

const folder = temporaryFolder('compaction');
const kept = path.join(folder, '.med-sa', 'annotations');
const names = (): string[] => fs.readdirSync(kept);
let annotating: Annotating;
let journal: string;
/** After the two clicks, and so after every redo. */
let whole: Checkpoint;

/** Two clicks, then back and forth until all is done or the kernel dies. @returns redos that were answered */
async function backAndForth(death: Death): Promise<{ redone: number; alive: boolean }> {
  annotating.forget();
  let alive = await annotating.open(death);
  for (const step of [click('first', 16), click('second', 37)]) alive &&= await annotating.play(step);
  let redone = 0;
  for (; alive && redone < pairs; redone += alive ? 1 : 0) {
    alive = await annotating.play({ type: 'viewer/undo' });
    alive &&= await annotating.play({ type: 'viewer/redo' });
  }
  return { redone, alive };
}

beforeAll(async () => {
  annotating = await Annotating.in(folder);
  expect(await backAndForth({})).toEqual({ redone: pairs, alive: true });
  whole = (await annotating.look())!;
  // Two lines for each pair, had it not been written anew.
  expect(whole.lines).toBeLessThan(pairs);
  expect(whole.seen.size).toBe(1);
  journal = names().find((name) => name.endsWith('.jsonl'))!;
  await annotating.kill();
});

describe('a kernel that is killed', () => {
  it.each<[string, (name: string) => Death, temporary: number]>([
    ['in the middle of the new journal', (name) => ({ at: `write .${name}.tmp 1`, within: true }), 1],
    ['before the new journal takes the place of the old one', (name) => ({ at: `rename ${name} 1` }), 1],
    ['just after it', (name) => ({ at: `rename ${name} 1`, within: true }), 0],
  ])('%s keeps what was shown, and goes on', async (_, death, temporary) => {
    const { redone, alive } = await backAndForth(death(journal));
    expect(alive).toBe(false);
    expect(redone).toBeGreaterThan(200);
    expect(redone).toBeLessThan(pairs);
    expect(names().filter((name) => name.endsWith('.tmp'))).toHaveLength(temporary);

    const found = (await annotating.lookWithoutModel())!;
    // The step under way was kept, told or not: the one back, or the one that takes it back.
    if (found.redo !== null) {
      expect(await annotating.play({ type: 'viewer/redo' })).toBe(true);
    }
    const { seen, undo, redo } = (await annotating.look())!;
    expect({ seen, undo, redo }).toEqual({ seen: whole.seen, undo: whole.undo, redo: whole.redo });
    await annotating.kill();

    expect(await annotating.open()).toBe(true);
    for (let pair = 0; pair < 4; pair++) {
      for (const type of ['viewer/undo', 'viewer/redo'] as const) expect(await annotating.play({ type })).toBe(true);
    }
    const after = (await annotating.look())!;
    expect(after.seen).toEqual(whole.seen);
    expect(after.lines).toBeLessThan(pairs);
    expect(names().filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await annotating.kill();
  });
});
