import fs from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionEvent, TimelineEvent } from '../../../src/kernel/annotation/edits';
import { Journal } from '../../../src/kernel/annotation/journal';
import { Timeline } from '../../../src/kernel/annotation/timeline';
import { temporaryFolder } from '../../support/temporaryFolder';

const folder = temporaryFolder('timeline');
const header = { version: 2 as const, image: 'scan.nii', width: 8, height: 8, slices: 4 };

const object = fc.constantFrom('object-1', 'a', 'b');
const slice = fc.nat({ max: 3 });
const id = fc.constantFrom('p', 'q', 'r');
const patch = fc.constantFrom(null, { x: 0, y: 0, width: 1, height: 1, runs: 'AAE=' });
const prompt = fc.constantFrom(
  { kind: 'point' as const, x: 1.5, y: 2.5, label: 1 as const },
  { kind: 'box' as const, x0: 0, y0: 0, x1: 4, y1: 4 },
);
const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });

const edits: fc.Arbitrary<TimelineEvent>[] = [
  fc.record({ edit: fc.constant('prompt/add' as const), object, slice, id, prompt }),
  fc.record({ edit: fc.constant('prompt/add' as const), object, slice, id, prompt }),
  fc.record({ edit: fc.constant('prompt/move' as const), object, slice, id, prompt }),
  fc.record({ edit: fc.constant('prompt/remove' as const), object, slice, id }),
  fc.record({ edit: fc.constant('choose' as const), object, slice, candidate: fc.nat({ max: 3 }) }),
  fc.record({
    edit: fc.constant('stroke' as const),
    object,
    slice,
    erase: fc.boolean(),
    points: fc.constant<[number, number][]>([[1, 1], [3, 2]]), // prettier-ignore
    radius: fc.constantFrom(0.5, 2),
  }),
  fc.record({
    edit: fc.constant('clean' as const),
    how: fc.constantFrom('fill' as const, 'largest' as const),
    object,
    slices: fc.uniqueArray(slice),
  }),
  fc.record({ edit: fc.constant('clear' as const), object: orNull(object), slice: orNull(slice) }),
  fc.record({
    edit: fc.constant('masks' as const),
    object,
    masks: fc.uniqueArray(fc.tuple(slice, patch), { selector: ([at]) => at }),
  }),
  fc.record({
    edit: fc.constant('object/add' as const),
    object: fc
      .constantFrom('a', 'b')
      .map((name) => ({ id: name, label: name, colour: '#00ff00', visible: true, value: name === 'a' ? 2 : 3 })),
  }),
  fc.record({ edit: fc.constant('object/remove' as const), object }),
  fc.record({ edit: fc.constant('object/change' as const), object, properties: fc.constant({ label: 'liver' }) }),
  fc.record({ edit: fc.constant('select' as const), object }),
  fc.record({ edit: fc.constant('show' as const), object, visible: fc.boolean() }),
  fc.constant<TimelineEvent>({ edit: 'undo' }),
  fc.constant<TimelineEvent>({ edit: 'undo' }),
  fc.constant<TimelineEvent>({ edit: 'redo' }),
];
const history = fc.array(fc.oneof(...edits), { maxLength: 60 });

const replayed = (events: readonly SessionEvent[]): Timeline => {
  const timeline = new Timeline();
  for (const event of events) if (event.edit !== 'answer') timeline.apply(event);
  return timeline;
};

/** Everything that can be seen of a timeline now. */
const contentOf = (timeline: Timeline) => ({
  objects: timeline.objects,
  layers: [...timeline.layers.entries()].sort(([a], [b]) => (a < b ? -1 : 1)),
});
const stateOf = (timeline: Timeline) => ({
  ...contentOf(timeline),
  active: timeline.active,
  undo: timeline.undoName,
  redo: timeline.redoName,
});
/** … and of everything that can be undone and redone. */
const wholeOf = (timeline: Timeline) => {
  const states = [stateOf(timeline)];
  while (timeline.apply({ edit: 'redo' })) states.push(stateOf(timeline));
  while (timeline.apply({ edit: 'undo' })) states.push(stateOf(timeline));
  return states;
};

describe('a timeline', () => {
  it('goes back over every step to what was there before it, and forward again', () => {
    fc.assert(
      fc.property(history, (events) => {
        const timeline = new Timeline();
        const steps = [contentOf(timeline)];
        for (const event of events) {
          const changed = timeline.apply(event);
          if (event.edit === 'undo' && changed) steps.pop();
          else if (event.edit === 'redo' && changed) steps.push(contentOf(timeline));
          else if (changed && event.edit !== 'select' && event.edit !== 'show') steps.push(contentOf(timeline));
        }
        const layers = steps.map((step) => step.layers);
        for (let at = steps.length - 1; at >= 0; at--) {
          expect(contentOf(timeline).layers).toEqual(layers[at]);
          expect(timeline.apply({ edit: 'undo' }) === null).toBe(at === 0);
        }
        for (let at = 1; at < steps.length; at++) {
          timeline.apply({ edit: 'redo' });
          expect(contentOf(timeline).layers).toEqual(layers[at]);
        }
      }),
    );
  });

  it('names exactly what an event changed', () => {
    fc.assert(
      fc.property(history, (events) => {
        const timeline = new Timeline();
        for (const event of events) {
          const before = new Map(timeline.layers);
          const changed = timeline.apply(event);
          const named = new Set((changed?.layers ?? []).map((place) => `${place.slice}\n${place.object}`));
          for (const key of new Set([...before.keys(), ...timeline.layers.keys()])) {
            if (before.get(key) !== timeline.layers.get(key)) expect(named).toContain(key);
          }
        }
      }),
    );
  });

  it('is what the shortest events make of it', () => {
    fc.assert(
      fc.property(history, (events) => {
        const timeline = replayed(events);
        const short = timeline.events();
        expect(wholeOf(replayed(short))).toEqual(wholeOf(replayed(events)));
        expect(replayed(short).events()).toEqual(short);
      }),
    );
  });
});

describe('a journal', () => {
  it('that was cut at any byte holds the events before the cut, and takes more', async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(history, fc.double({ min: 0, max: 1, noNaN: true }), async (events, where) => {
        const file = path.join(folder, `${number++}.jsonl`);
        const journal = await Journal.open(file, header);
        await journal.claim();
        for (const event of events) await journal.append(event);
        await journal.release();
        if (events.length === 0) return;
        const bytes = await fs.readFile(file);
        const cut = Math.floor(where * bytes.length);
        await fs.writeFile(file, bytes.subarray(0, cut));
        const whole = Math.max(0, bytes.subarray(0, cut).toString().split('\n').length - 2);

        const reopened = await Journal.open(file, header);
        expect(reopened.events).toEqual(events.slice(0, whole));
        expect(stateOf(replayed(reopened.events))).toEqual(stateOf(replayed(events.slice(0, whole))));
        await reopened.claim();
        await reopened.append({ edit: 'undo' });
        await reopened.release();
        expect((await Journal.open(file, header)).events).toEqual([...events.slice(0, whole), { edit: 'undo' }]);
      }),
      { numRuns: 60 },
    );
  });

  it('is replaced whole, and refuses another image', async () => {
    const file = path.join(folder, 'replaced.jsonl');
    const journal = await Journal.open(file, header);
    await journal.claim();
    for (let index = 0; index < 20; index++) await journal.append({ edit: index % 2 === 0 ? 'undo' : 'redo' });
    await journal.replace([{ edit: 'select', object: 'a' }]);
    await journal.append({ edit: 'undo' });
    expect((await Journal.open(file, header)).events).toEqual([{ edit: 'select', object: 'a' }, { edit: 'undo' }]);
    await expect(Journal.open(file, { ...header, width: 9 })).rejects.toThrow(/9 × 8 × 4 pixels now/);
  });
});
