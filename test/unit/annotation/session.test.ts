import { readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AnnotationStore, ImageLibrary, Models, newObject } from '../../../src/kernel/annotation';
import type { AnnotationSession, SegmenterSource } from '../../../src/kernel/annotation/session';
import type { SessionChange } from '../../../src/kernel/annotation/sessionView';
import { decodeMaskPatch, encodeMaskPatch } from '../../../src/kernel/imaging';
import { Random } from '../../../src/kernel/datasets';
import { UserError } from '../../../src/kernel/errors';
import type { MaskPatch, Prompt } from '../../../src/protocol';
import { discArea, discs, discsFolder } from './discs';
import { FloodFillPredictor } from './floodFillPredictor';

let folder: string;
let predictor: FloodFillPredictor;
let count: number;
let store: AnnotationStore | null;

beforeEach(async () => {
  folder = await discsFolder();
  predictor = new FloodFillPredictor();
  count = 0;
  store = null;
});
afterEach(() => fs.rm(folder, { recursive: true, force: true }));

const object = 'object-1';
const point = (at: { x: number; y: number }, label: 0 | 1 = 1): Prompt => ({ kind: 'point', x: at.x, y: at.y, label });

/** A kernel's annotation half, as after a start: it knows nothing but what lies on the disk. The one before has ended. */
async function freshKernel() {
  await store?.release();
  const images = new ImageLibrary();
  const models = new Models(async () => predictor, images);
  store = new AnnotationStore(images);
  const { session, file } = await store.open(folder, { path: 'discs.png' });
  const source: SegmenterSource = () => models.segmenterFor(file, null);
  const changes: SessionChange[] = [];
  session.onChange((change) => changes.push(change));
  return {
    session,
    source,
    changes,
    add: (prompt: Prompt, slice = 0) =>
      session.prompt({ edit: 'prompt/add', object, slice, id: `prompt-${++count}`, prompt }, source),
    undo: () => session.apply({ edit: 'undo' }, source),
    redo: () => session.apply({ edit: 'redo' }, source),
    prompts: () => session.prompts(object, 0).map(({ prompt }) => prompt),
    area: () => areaOf(session, source),
  };
}

async function areaOf(session: AnnotationSession, source: SegmenterSource): Promise<number> {
  return (await session.mask(object, 0, source))?.data.reduce((sum, value) => sum + value, 0) ?? 0;
}

const journalOf = ({ session }: { session: AnnotationSession }) =>
  path.join(folder, '.med-sa', 'annotations', `${session.id}.jsonl`);

describe('an annotation session', () => {
  it('answers clicks, each refining the answer before it', async () => {
    const { session, changes, add, area } = await freshKernel();
    await add(point(discs.left));
    expect(await area()).toBe(discArea);
    expect(changes[0].state).toMatchObject({ undo: 'point', redo: null, model: 'flood-fill (test)', active: object });
    expect(changes[0].objects).toMatchObject([
      { object, slice: 0, prompts: [{ id: 'prompt-1' }], iou: 0.9, chosen: null, source: 'model' },
    ]);
    await add(point(discs.right));
    expect(await area()).toBe(2 * discArea);
    expect(predictor.asked.at(-1)?.previous?.data[0]).toBe(1);
    expect(changes[1].state.revision).toBeGreaterThan(changes[0].state.revision);
    expect(predictor.encoded).toBe(1);
    expect(session.marks()).toEqual([{ object, prompted: [0], masked: [0], areas: [2 * discArea] }]);
  });

  it('undoes, redoes and clears without asking the model again', async () => {
    const { session, source, add, undo, redo, area } = await freshKernel();
    await add(point(discs.left));
    await add(point(discs.right));
    const asked = predictor.asked.length;
    await undo();
    expect(await area()).toBe(discArea);
    await undo();
    expect(await area()).toBe(0);
    await undo();
    expect(session.state).toMatchObject({ undo: null, redo: 'point' });
    await redo();
    await redo();
    expect(await area()).toBe(2 * discArea);
    await session.apply({ edit: 'clear', object: null, slice: 0 }, source);
    expect(await area()).toBe(0);
    await undo();
    expect(await area()).toBe(2 * discArea);
    expect(predictor.asked).toHaveLength(asked);
  });

  it('removes and moves prompts singly, and undoes that', async () => {
    const { session, source, add, undo, prompts, area } = await freshKernel();
    await add(point(discs.left));
    await add(point(discs.right));
    await session.apply({ edit: 'prompt/remove', object, slice: 0, id: 'prompt-1' }, source);
    expect(prompts()).toEqual([point(discs.right)]);
    expect(await area()).toBe(discArea);
    const moved = { edit: 'prompt/move', object, slice: 0, id: 'prompt-2', prompt: point({ x: 1.5, y: 1.5 }) } as const;
    await session.prompt(moved, source);
    expect(await area()).toBe(discs.width * discs.height - 2 * discArea);
    await undo();
    await undo();
    expect(prompts()).toEqual([point(discs.left), point(discs.right)]);
    expect(await area()).toBe(2 * discArea);
  });

  it('forgets what was undone when a new prompt comes', async () => {
    const { session, add, undo, prompts } = await freshKernel();
    await add(point(discs.left));
    await undo();
    await add(point(discs.right));
    expect(session.state.redo).toBeNull();
    expect(prompts()).toEqual([point(discs.right)]);
    expect(predictor.asked.at(-1)?.previous).toBeUndefined();
  });

  it('refines what is there however far back that was answered, in a preview too', async () => {
    const { session, source, add, undo } = await freshKernel();
    for (let prompt = 0; prompt < 20; prompt++) await add(point(discs.left));
    for (let step = 0; step < 18; step++) await undo();
    await session.preview({ object, slice: 0, prompt: point(discs.right) }, source, () => true);
    expect(predictor.asked.at(-1)?.previous?.data[0]).toBe(2);
    await add(point(discs.right));
    expect(predictor.asked.at(-1)?.previous?.data[0]).toBe(2);
  });

  it('keeps strokes on top of later answers, and clean-ups until the next one', async () => {
    const { session, source, add, area } = await freshKernel();
    await add(point(discs.left));
    const stroke = (points: [number, number][], radius: number, erase = false) =>
      session.apply({ edit: 'stroke', object, slice: 0, erase, points, radius }, source);
    await stroke([[60.5, 4.5]], 0.5);
    expect(await area()).toBe(discArea + 1);
    await session.clean('largest', object, null, source);
    expect(await area()).toBe(discArea);
    await add(point(discs.right));
    expect(await area()).toBe(2 * discArea + 1);
    await stroke([[discs.left.x, discs.left.y]], 0.5, true);
    expect(await area()).toBe(2 * discArea);
    await session.clean('fill', object, 0, source);
    expect(await area()).toBe(2 * discArea + 1);
  });

  it('keeps objects apart and counts their changes to undo', async () => {
    const { session, source, add, undo, area } = await freshKernel();
    await add(point(discs.left));
    const right = { id: 'right', label: 'right', colour: '#00ff00', visible: true, value: 7 };
    await session.apply({ edit: 'object/add', object: right }, source);
    await session.prompt(
      { edit: 'prompt/add', object: 'right', slice: 0, id: 'r', prompt: point(discs.right) },
      source,
    );
    expect(session.state).toMatchObject({ active: 'right', objects: [{ id: object }, right] });
    expect(session.known(0).map((one) => one.object)).toEqual([object, 'right']);
    await session.apply({ edit: 'show', object: 'right', visible: false }, source);
    expect(session.state).toMatchObject({ undo: 'point', objects: [{ visible: true }, { visible: false }] });
    await session.apply({ edit: 'object/remove', object: 'right' }, source);
    expect(session.known(0)).toHaveLength(1);
    await undo();
    expect(session.known(0)).toHaveLength(2);
    expect(await area()).toBe(discArea);
  });

  it('offers the masks that a lone click may mean, and refines the one that was chosen', async () => {
    predictor.offers = [30, 20, 10];
    const { session, source, changes, add, undo, area } = await freshKernel();
    await add(point(discs.left));
    expect(changes[0].objects[0].candidates.map(({ area }) => area)).toEqual([discArea, 30, 20, 10]);
    await session.apply({ edit: 'choose', object, slice: 0, candidate: 2 }, source);
    expect(await area()).toBe(20);
    expect(changes[1].objects[0].chosen).toBe(2);
    await add(point(discs.right));
    expect(predictor.asked.at(-1)?.previous?.data[0]).toBe(-21);
    await undo();
    expect(await area()).toBe(20);
    await undo();
    expect(await area()).toBe(discArea);
  });

  it('takes lines as points and logits, and its own mask as a prompt', async () => {
    const { add } = await freshKernel();
    const { x, y } = discs.left;
    const line: Prompt = { kind: 'scribble', points: [[x - 6, y], [x + 6, y]], label: 1 }; // prettier-ignore
    await add(line);
    const scribbled = predictor.asked.at(-1)!;
    expect(scribbled.prompts.points).toHaveLength(6);
    expect(scribbled.prompts.points.every((at) => at.y === Math.floor(y) && Math.abs(at.x - x) < 6)).toBe(true);
    expect(scribbled.previous?.data[0]).toBeGreaterThan(0);
    await add({ kind: 'mask', slice: 0 });
    const asked = predictor.asked.at(-1)!;
    expect(asked.prompts.box).toEqual([6, 14, 27, 35]);
    expect(() => add({ kind: 'mask', slice: 1 })).toThrow(/slice 0 only/);
  });

  it('tells only the box that changed of a large mask', async () => {
    const { session, source, changes, add } = await freshKernel();
    await add(point({ x: 1.5, y: 1.5 }));
    // Single pixels make a mask that is long to tell.
    for (let y = 1; y < 47; y += 2) {
      const points = Array.from({ length: 31 }, (_, index): [number, number] => [2 * index + 1.5, y + 0.5]);
      for (const at of points) {
        await session.apply({ edit: 'stroke', object, slice: 0, erase: true, points: [at], radius: 0.5 }, source);
      }
    }
    const before = changes.at(-2)!.objects[0];
    const last = changes.at(-1)!.objects[0];
    expect(last.mask).toMatchObject({ whole: false, since: before.revision, patch: { width: 1, height: 1 } });
  });

  it('keeps every prompt of a burst, in order', async () => {
    const { add, prompts } = await freshKernel();
    const burst = Array.from({ length: 12 }, (_, index) => point({ x: index + 0.5, y: 1.5 }, index % 2 === 0 ? 1 : 0));
    await Promise.all(burst.map((prompt) => add(prompt)));
    expect(prompts()).toEqual(burst);
  });

  it('refuses prompts outside of the image and records nothing', async () => {
    const { add } = await freshKernel();
    expect(() => add(point({ x: 64, y: 3 }))).toThrow(/lies outside of discs\.png \(64 × 48/);
    expect(() => add(point(discs.left), 1)).toThrow(UserError);
    expect(() => add({ kind: 'box', x0: 3, y0: 3, x1: 3, y1: 9 })).toThrow(/no area/);
    await expect(fs.readdir(path.join(folder, '.med-sa'))).rejects.toThrow();
  });

  it('previews what a click would give and keeps nothing of it', async () => {
    const { session, source, add, prompts, area } = await freshKernel();
    await add(point(discs.left));
    const asked = { object, slice: 0, prompt: point(discs.right) };
    const preview = await session.preview(asked, source, () => true);
    const { data } = decodeMaskPatch(preview!.mask!, discs.width, discs.height);
    expect([preview?.iou, data.reduce((sum, value) => sum + value, 0)]).toEqual([0.9, 2 * discArea]);
    expect(await session.preview(asked, source, () => false)).toBeNull();
    expect(prompts()).toHaveLength(1);
    expect(await area()).toBe(discArea);
    expect(session.state.undo).toBe('point');
  });

  it('comes back with its prompts, its masks and its undo after the kernel was killed, and asks nobody', async () => {
    const before = await freshKernel();
    await before.add(point(discs.left));
    await before.add(point(discs.right));
    await before.add(point(discs.left, 0));
    await before.undo();

    const after = await freshKernel();
    const asked = predictor.asked.length;
    expect(after.session.id).toBe(before.session.id);
    expect(after.session.state.revision).toBeGreaterThanOrEqual(before.session.state.revision);
    expect(await after.area()).toBe(2 * discArea);
    expect(after.session.known(0)).toMatchObject([{ iou: 0.9, source: 'model' }]);
    expect(predictor.asked).toHaveLength(asked);
    await after.redo();
    expect(await after.area()).toBe(discArea);
    expect(predictor.asked).toHaveLength(asked);
    await after.add(point({ x: 1.5, y: 1.5 }));
    expect(await after.area()).toBe(discs.width * discs.height - discArea);
  });

  it('reads journals of the first version and goes on in the second', async () => {
    const { session } = await freshKernel();
    const lines = [
      { version: 1, image: 'discs.png', width: 64, height: 48, slices: 1 },
      { edit: 'prompt', slice: 0, prompt: point(discs.left) },
      { edit: 'prompt', slice: 0, prompt: point(discs.right) },
      { edit: 'undo' },
    ];
    const file = journalOf({ session });
    await fs.mkdir(path.dirname(file), { recursive: true });
    await fs.writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const after = await freshKernel();
    expect(after.prompts()).toEqual([point(discs.left)]);
    expect(await after.area()).toBe(discArea);
    await after.redo();
    expect((await fs.readFile(file, 'utf8')).split('\n')[0]).toContain('"version":2');
    const again = await freshKernel();
    expect(again.prompts()).toEqual([point(discs.left), point(discs.right)]);
    expect(again.session.state).toMatchObject({ undo: 'point', redo: null });
  });

  it('undoes what it has let go, as the journal has it, and asks nobody', async () => {
    const { session, source, add, undo, redo, prompts, area } = await freshKernel();
    const random = new Random(3);
    const seen: unknown[] = [];
    const shown = async () => ({ ...session.state, revision: 0, model: '', prompts: prompts(), area: await area() });
    for (let step = 0; step < 30; step++) {
      seen.push(await shown());
      const at = { x: random.uniform(0, discs.width), y: random.uniform(0, discs.height) };
      if (step % 7 === 3) {
        await session.apply(
          { edit: 'stroke', object, slice: 0, erase: false, points: [[at.x, at.y]], radius: 3 },
          source,
        );
      } else if (step % 7 === 5) await session.apply({ edit: 'clear', object, slice: 0 }, source);
      else await add(point(at));
      // One step taken back and done again, so that lines lie in the journal that lead nowhere.
      if (random.chance(0.3)) await undo().then(redo);
      if (random.chance(0.3)) await session.forget(random.integer(4));
    }
    await session.apply({ edit: 'object/add', object: newObject('object-2', session.state.objects) }, source);
    await session.apply({ edit: 'select', object }, source);
    await undo();
    seen.push(await shown());
    const asked = predictor.asked.length;
    for (let step = 29; step >= 0; step--) {
      await session.forget(step % 3);
      await undo();
      expect(await shown(), `step ${step}`).toMatchObject({ ...(seen[step] as object), redo: expect.any(String) });
    }
    expect(session.state.undo).toBeNull();
    for (let step = 1; step <= 30; step++) {
      await redo();
      expect(await shown(), `step ${step}`).toMatchObject({ ...(seen[step] as object), redo: expect.any(String) });
    }
    expect(predictor.asked).toHaveLength(asked);
  });

  it('keeps few steps in memory, of all images together, and undoes every one', async () => {
    const first = await freshKernel();
    await first.add(point(discs.left));
    const { session: second, file } = await store!.open(folder, { path: 'discs.png', annotation: 'second' });
    const images = new ImageLibrary();
    const source: SegmenterSource = () => new Models(async () => predictor, images).segmenterFor(file, null);
    const points: [number, number][] = [[9, 9]];
    for (let step = 0; step < 300; step++) {
      await second.apply({ edit: 'stroke', object, slice: 0, erase: false, points, radius: 1 }, source);
    }
    const asked = predictor.asked.length;
    // What is missing is read: where somebody has removed it, that is told, and nothing that is shown is lost.
    const journal = journalOf(first);
    await fs.rename(journal, `${journal}.away`);
    await expect(first.undo()).rejects.toThrow(/cannot be undone.*jsonl/);
    expect(await first.area()).toBe(discArea);
    await fs.rename(`${journal}.away`, journal);
    await first.undo();
    expect(await first.area()).toBe(0);
    for (let step = 0; step < 300; step++) await second.apply({ edit: 'undo' }, source);
    expect(second.state).toMatchObject({ undo: null, redo: 'brush' });
    expect(predictor.asked).toHaveLength(asked);
  });

  it('writes its journal anew when steps back and forth have filled it', async () => {
    const before = await freshKernel();
    await before.add(point(discs.left));
    await before.add(point(discs.right));
    for (let turn = 0; turn < 250; turn++) {
      await before.undo();
      await before.redo();
    }
    await before.undo();
    const lines = (await fs.readFile(journalOf(before), 'utf8')).trimEnd().split('\n');
    expect(lines.length).toBeLessThan(20);
    const asked = predictor.asked.length;
    const after = await freshKernel();
    expect(after.session.state).toMatchObject({ undo: 'point', redo: 'point' });
    expect(await after.area()).toBe(discArea);
    expect(predictor.asked).toHaveLength(asked);
    await after.redo();
    expect(await after.area()).toBe(2 * discArea);
  });

  it('drops a torn last line of its journal and goes on from there', async () => {
    const before = await freshKernel();
    await before.add(point(discs.left));
    await fs.appendFile(journalOf(before), '{"edit":"prompt/add","slice":0,"pro');
    const after = await freshKernel();
    await after.add(point(discs.right));
    expect((await freshKernel()).prompts()).toHaveLength(1 + 1);
  });

  it('names the line of a journal that is damaged elsewhere', async () => {
    const before = await freshKernel();
    await before.session.apply({ edit: 'select', object: 'other' }, before.source);
    await fs.appendFile(journalOf(before), '{"edit":"eat"}\n');
    await expect(freshKernel()).rejects.toThrow(/line 3 of .*damaged/);
  });

  it('refuses a journal that a newer version has made, and leaves it as it is', async () => {
    const before = await freshKernel();
    await before.add(point(discs.left));
    const written = await fs.readFile(journalOf(before), 'utf8');
    const newer = written.replace('"version":2', '"version":3') + '{"edit":"levitate"}\n';
    await fs.writeFile(journalOf(before), newer);
    await expect(freshKernel()).rejects.toThrow(
      /discs-png-.*\.jsonl was made by a newer version of Med-SA Notebook \(format 3; this one knows 2\): update/,
    );
    expect(await fs.readFile(journalOf(before), 'utf8')).toBe(newer);
  });

  it('shows no mask that its journal does not hold already', async () => {
    const kernel = await freshKernel();
    const { session, source } = kernel;
    const shown: { readonly mask: string; readonly journal: string }[] = [];
    session.onChange(({ objects }) => {
      const journal = readFileSync(journalOf(kernel), 'utf8');
      for (const { mask } of objects) {
        if (mask.whole && mask.patch !== null) shown.push({ mask: JSON.stringify(mask.patch), journal });
      }
    });
    await kernel.add(point(discs.left));
    await kernel.add(point(discs.right));
    await session.answer(0, source, true);
    const masks = [[0, encodeMaskPatch({ ...discs, data: new Uint8Array(64 * 48).fill(1, 0, 99) })]] as [
      number,
      MaskPatch,
    ][];
    await session.apply({ edit: 'masks', object, masks }, source);
    expect(shown).toHaveLength(4);
    for (const { mask, journal } of shown) expect(journal).toContain(mask);
  });

  it('keeps a prompt that could not be answered', async () => {
    const { session, source, changes, prompts } = await freshKernel();
    const broken = () => Promise.reject(new UserError('no model'));
    const edit = { edit: 'prompt/add', object, slice: 0, id: 'a', prompt: point(discs.left) } as const;
    await expect(session.prompt(edit, broken)).rejects.toThrow('no model');
    expect(prompts()).toEqual([point(discs.left)]);
    expect(changes).toMatchObject([{ objects: [{ prompts: [{ id: 'a' }], mask: { whole: true, patch: null } }] }]);
    expect(session.isAnswered(0)).toBe(false);
    await session.answer(0, source);
    expect(await areaOf(session, source)).toBe(discArea);
  });

  it('tells everybody of an answer that one of them needed', async () => {
    const { session, source, changes } = await freshKernel();
    const edit = { edit: 'prompt/add', object, slice: 0, id: 'a', prompt: point(discs.left) } as const;
    await expect(session.prompt(edit, () => Promise.reject(new UserError('no model')))).rejects.toThrow();
    expect(await areaOf(session, source)).toBe(discArea);
    expect(changes.at(-1)?.objects).toMatchObject([{ slice: 0, mask: { patch: { x: 6, y: 14 } } }]);
    expect(changes.at(-1)!.state.revision).toBeGreaterThan(changes[0].state.revision);
  });

  it('encodes again when the engine lost the embedding', async () => {
    const { add, area } = await freshKernel();
    await add(point(discs.left));
    predictor.loseEmbeddings();
    await add(point(discs.right));
    expect(await area()).toBe(2 * discArea);
    expect(predictor.encoded).toBe(2);
  });
});
