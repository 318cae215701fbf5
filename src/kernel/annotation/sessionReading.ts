import type { ImageInfo } from '../../protocol';
import type { Layer } from './content';
import type { SessionEvent } from './edits';
import { LayerMasks } from './layerMasks';
import { Timeline } from './timeline';

/** A session as its journal tells it. */
export interface SessionReading {
  readonly timeline: Timeline;
  readonly masks: LayerMasks;
  /** Who answered last. */
  model: string | null;
}

export function readingOf({ size: [width, height] }: ImageInfo, events: readonly SessionEvent[]): SessionReading {
  const reading: SessionReading = { timeline: new Timeline(), masks: new LayerMasks({ width, height }), model: null };
  for (const event of events) {
    if (event.edit !== 'answer') reading.timeline.apply(event);
    else {
      reading.masks.restore(event);
      reading.model = event.model;
    }
  }
  return reading;
}

/**
 * A reading of which steps were let go, with all of them, as its journal has them; what it showed and knew stays.
 * @returns null where the journal leads elsewhere
 */
export function wholeReading(
  image: ImageInfo,
  before: SessionReading,
  events: readonly SessionEvent[],
): SessionReading | null {
  const { timeline, masks } = readingOf(image, events);
  masks.adopt(before.masks);
  timeline.lookAs(before.timeline);
  const reading = { timeline, masks, model: before.model };
  const leadsHere = differing(before, reading).length === 0 && before.timeline.undoName === timeline.undoName;
  if (!leadsHere) return null;
  before.masks.forget([], () => false);
  return reading;
}

/** Where two readings do not show the same. */
export function differing(
  before: SessionReading,
  after: SessionReading,
): { readonly object: string; readonly slice: number }[] {
  const places = new Map<string, Layer>([...before.timeline.layers, ...after.timeline.layers]);
  return [...places]
    .filter(([key]) => shownAt(before, key) !== shownAt(after, key))
    .map(([, { object, slice }]) => ({ object, slice }));
}

function shownAt({ timeline, masks }: SessionReading, key: string): string {
  const layer = timeline.layers.get(key);
  return layer === undefined ? '' : JSON.stringify([layer.prompts, layer.choices, masks.known(layer)]);
}
