import type { MaskPatch } from '../../protocol';
import { CancelledError, UserError } from '../errors';
import { encodeMaskPatch } from '../imaging';
import { follow, slicesTowards } from '../inference/follow';
import type { ObjectPrompts, Prediction, Segmenter } from './segmenter';
import type { AnnotationSession, SegmenterSource } from './session';

export interface Propagation {
  readonly object: string;
  readonly from: number;
  readonly direction: 'up' | 'down' | 'both';
  /** Where `up` or `down` ends at the latest, inclusive; null: where the volume does. */
  readonly to: number | null;
}

interface Control {
  readonly signal: AbortSignal;
  progress(done: number, total: number): void;
}

type SliceMask = [slice: number, patch: MaskPatch | null];

/**
 * Carries the mask of an object to its neighbours, up to slices that a hand has worked on; one step of undo. What was
 * done before a cancel is kept. Clicks are answered meanwhile. @returns how many slices got a mask
 * @throws UserError where there is no mask to begin with
 */
export async function propagate(
  session: AnnotationSession,
  { object, from, direction, to }: Propagation,
  source: SegmenterSource,
  control: Control,
): Promise<number> {
  await session.claim();
  const last = session.image.size[2] - 1;
  const within = (slice: number): number => Math.min(Math.max(slice, 0), last);
  const down =
    direction === 'up' ? [] : slicesTowards(from, direction === 'both' ? 0 : Math.min(from, within(to ?? 0)));
  const up =
    direction === 'down' ? [] : slicesTowards(from, direction === 'both' ? last : Math.max(from, within(to ?? last)));
  const ways = [down, up].map((way) => untilWorkedOn(session, object, way));
  const masks = await carried(session, object, from, ways, source, control);
  if (masks.length > 0) await session.apply({ edit: 'masks', object, masks }, source);
  return masks.length;
}

/**
 * Every object on every slice with prompts, then each carried from its outermost prompted slices outwards, and between
 * two of them from both sides to the middle. One step of undo for each object.
 */
export async function segmentAll(session: AnnotationSession, source: SegmenterSource, control: Control): Promise<void> {
  await session.claim();
  const last = session.image.size[2] - 1;
  const prompted = session.slices();
  for (const [index, slice] of prompted.entries()) {
    if (control.signal.aborted) return;
    await session.answer(slice, source, false, control.signal);
    control.progress(index + 1, prompted.length);
  }
  for (const { id: object } of session.state.objects) {
    const seeds = session.slices(object).filter((slice) => session.prompts(object, slice).length > 0);
    const masks: SliceMask[] = [];
    for (const [index, seed] of seeds.entries()) {
      if (control.signal.aborted || (await session.mask(object, seed, source)) === null) continue;
      const bottom = index === 0 ? 0 : Math.min(seed, Math.floor((seeds[index - 1] + seed) / 2) + 1);
      const top = index === seeds.length - 1 ? last : Math.floor((seed + seeds[index + 1]) / 2);
      const ways = [slicesTowards(seed, bottom), slicesTowards(seed, top)];
      const free = ways.map((way) => untilWorkedOn(session, object, way));
      masks.push(...(await carried(session, object, seed, free, source, control)));
    }
    if (masks.length > 0) await session.apply({ edit: 'masks', object, masks }, source);
  }
}

/** The masks of an object along some ways from a slice; after a cancel, those that were found before it. */
async function carried(
  session: AnnotationSession,
  object: string,
  from: number,
  ways: readonly (readonly number[])[],
  source: SegmenterSource,
  { signal, progress }: Control,
): Promise<SliceMask[]> {
  const mask = await session.mask(object, from, source);
  if (mask === null) throw new UserError(`slice ${from} holds no mask of this object: give it a prompt there first`);
  const total = ways.reduce((sum, way) => sum + way.length, 0);
  const segmenter = await source();
  const masks: SliceMask[] = [];
  let before = 0;
  try {
    for (const way of ways) {
      let done = before;
      for await (const { slice, prediction } of follow(mask, way, (at, prompts) =>
        ask(segmenter, at, { prompts }, signal),
      )) {
        masks.push([slice, encodeMaskPatch(prediction.mask)]);
        progress(++done, total);
      }
      before += way.length;
      progress(before, total);
    }
  } catch (error) {
    if (!(error instanceof CancelledError)) throw error;
  }
  return masks;
}

/** The slices before the first one with prompts or strokes: what a hand did there counts. */
function untilWorkedOn(session: AnnotationSession, object: string, slices: readonly number[]): readonly number[] {
  const end = slices.findIndex((slice) => session.isWorkedOn(object, slice));
  return end < 0 ? slices : slices.slice(0, end);
}

async function ask(
  segmenter: Segmenter,
  slice: number,
  asked: ObjectPrompts,
  signal: AbortSignal,
): Promise<Prediction> {
  if (signal.aborted) throw new CancelledError();
  const [[prediction]] = await segmenter.predict(slice, [asked], { multimask: false, signal });
  return prediction;
}
