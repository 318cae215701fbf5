import fs from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AnnotationStore, ImageLibrary, Models } from '../../../src/kernel/annotation';
import { UserError } from '../../../src/kernel/errors';
import { decodeMaskPatch } from '../../../src/kernel/imaging';
import type { PromptV1 as Prompt, ViewerStateV1 as ViewerState } from '../../../src/protocol';
import { discArea, discs, discsFolder } from './discs';
import { FloodFillPredictor } from './floodFillPredictor';

let folder: string;
let predictor: FloodFillPredictor;

beforeEach(async () => {
  folder = await discsFolder();
  predictor = new FloodFillPredictor();
});
afterEach(() => fs.rm(folder, { recursive: true, force: true }));

/** A kernel's annotation half, as after a start: it knows nothing but what lies on the disk. */
async function freshKernel() {
  const images = new ImageLibrary();
  const models = new Models(async () => predictor, images);
  const opened = await new AnnotationStore(images).open(folder, { path: 'discs.png' });
  return { ...opened, segmenter: () => models.segmenterFor(opened.file, null) };
}

const point = (at: { x: number; y: number }, label: 0 | 1 = 1): Prompt => ({ kind: 'point', ...at, label });
const area = (state: ViewerState): number =>
  state.mask === null ? 0 : decodeMaskPatch(state.mask, discs.width, discs.height).data.reduce((sum, v) => sum + v, 0);

describe('an annotation session', () => {
  it('answers clicks, each refining the answer before it', async () => {
    const { session, segmenter } = await freshKernel();
    const first = await session.prompt(0, point(discs.left), segmenter);
    expect(area(first)).toBe(discArea);
    expect(first).toMatchObject({ slice: 0, iou: 0.9, canUndo: true, canRedo: false, model: 'flood-fill (test)' });
    const second = await session.prompt(0, point(discs.right), segmenter);
    expect(area(second)).toBe(2 * discArea);
    expect(predictor.asked[1].previous?.data[0]).toBe(1);
    expect(second.revision).toBeGreaterThan(first.revision);
    expect(predictor.encoded).toBe(1);
  });

  it('undoes, redoes and clears without asking the model again', async () => {
    const { session, segmenter } = await freshKernel();
    await session.prompt(0, point(discs.left), segmenter);
    await session.prompt(0, point(discs.right), segmenter);
    const asked = predictor.asked.length;
    expect(area(await session.undo(segmenter))).toBe(discArea);
    expect(area(await session.undo(segmenter))).toBe(0);
    const nothing = await session.undo(segmenter);
    expect(nothing).toMatchObject({ prompts: [], mask: null, canUndo: false, canRedo: true });
    await session.redo(segmenter);
    expect(area(await session.redo(segmenter))).toBe(2 * discArea);
    expect(await session.clear(0, segmenter)).toMatchObject({ prompts: [], mask: null, canUndo: true });
    expect(area(await session.undo(segmenter))).toBe(2 * discArea);
    expect(predictor.asked).toHaveLength(asked);
  });

  it('forgets what was undone when a new prompt comes', async () => {
    const { session, segmenter } = await freshKernel();
    await session.prompt(0, point(discs.left), segmenter);
    await session.undo(segmenter);
    const state = await session.prompt(0, point(discs.right), segmenter);
    expect(state.canRedo).toBe(false);
    expect(state.prompts).toEqual([point(discs.right)]);
    expect(predictor.asked.at(-1)?.previous).toBeUndefined();
  });

  it('keeps every prompt of a burst, in order', async () => {
    const { session, segmenter } = await freshKernel();
    const burst = Array.from({ length: 12 }, (_, index) => point({ x: index + 0.5, y: 1.5 }, index % 2 === 0 ? 1 : 0));
    const states = await Promise.all(burst.map((prompt) => session.prompt(0, prompt, segmenter)));
    expect(states.at(-1)?.prompts).toEqual(burst);
    expect(states.map((state) => state.prompts.length)).toEqual(burst.map((_, index) => index + 1));
  });

  it('refuses prompts outside of the image and records nothing', async () => {
    const { session, segmenter } = await freshKernel();
    expect(() => session.prompt(0, point({ x: 64, y: 3 }), segmenter)).toThrow(/lies outside of discs\.png \(64 × 48/);
    expect(() => session.prompt(1, point(discs.left), segmenter)).toThrow(UserError);
    expect(() => session.prompt(0, { kind: 'box', x0: 3, y0: 3, x1: 3, y1: 9 }, segmenter)).toThrow(/no area/);
    await expect(fs.readdir(path.join(folder, '.med-sa'))).rejects.toThrow();
  });

  it('comes back with its prompts, its masks and its undo after the kernel was killed', async () => {
    const before = await freshKernel();
    await before.session.prompt(0, point(discs.left), before.segmenter);
    await before.session.prompt(0, point(discs.right), before.segmenter);
    const last = await before.session.prompt(0, point(discs.left, 0), before.segmenter);
    await before.session.undo(before.segmenter);

    const after = await freshKernel();
    expect(after.session.id).toBe(before.session.id);
    const rebuilt = await after.session.state(0, after.segmenter);
    expect(area(rebuilt)).toBe(2 * discArea);
    expect(rebuilt.prompts).toEqual([point(discs.left), point(discs.right)]);
    expect(rebuilt.revision).toBeGreaterThanOrEqual(last.revision);
    expect((await after.session.redo(after.segmenter)).prompts).toEqual(last.prompts);
  });

  it('drops a torn last line of its journal and goes on from there', async () => {
    const before = await freshKernel();
    await before.session.prompt(0, point(discs.left), before.segmenter);
    const file = path.join(folder, '.med-sa', 'annotations', `${before.session.id}.jsonl`);
    await fs.appendFile(file, '{"edit":"prompt","slice":0,"pro');
    const after = await freshKernel();
    const state = await after.session.prompt(0, point(discs.right), after.segmenter);
    expect(state.prompts).toHaveLength(2);
    expect((await freshKernel()).session.prompts(0)).toHaveLength(2);
  });

  it('names the line of a journal that is damaged elsewhere', async () => {
    const before = await freshKernel();
    await before.session.prompt(0, point(discs.left), before.segmenter);
    const file = path.join(folder, '.med-sa', 'annotations', `${before.session.id}.jsonl`);
    await fs.appendFile(file, '{"edit":"eat"}\n');
    await expect(freshKernel()).rejects.toThrow(/line 3 of .*damaged/);
  });

  it('keeps a prompt that could not be answered', async () => {
    const { session, segmenter } = await freshKernel();
    const broken = () => Promise.reject(new UserError('no model'));
    await expect(session.prompt(0, point(discs.left), broken)).rejects.toThrow('no model');
    expect(session.stateSoFar(0)).toMatchObject({ prompts: [point(discs.left)], mask: null });
    expect(area(await session.state(0, segmenter))).toBe(discArea);
  });

  it('encodes again when the engine lost the embedding', async () => {
    const { session, segmenter } = await freshKernel();
    await session.prompt(0, point(discs.left), segmenter);
    predictor.loseEmbeddings();
    expect(area(await session.prompt(0, point(discs.right), segmenter))).toBe(2 * discArea);
    expect(predictor.encoded).toBe(2);
  });
});
