import type {
  DecoderAttachment,
  FrozenAnswer,
  GeneratedChange as SentChange,
  MapQuery,
  NamedMap,
  PromptAnswer,
  PromptSlot,
  QuantisedMap,
} from '../../protocol/inspector';
import type { TensorData } from '../graph';
import { resizeMask } from '../imaging';
import { coveredMap, shownSize } from './coveredMap';
import type { FrozenComparison } from './frozenComparison';
import type { ImageInspection } from './imageInspection';
import { blockReadings, isGenerated, readings } from './names';
import { generatedChanges, type PromptInspection } from './promptInspection';
import { quantise } from './quantise';
import { activityOf } from './summary';

/** The map that a page asks for, of one slice. @throws UserError where there is none */
export async function answerMap(
  inspection: ImageInspection,
  slice: number,
  query: MapQuery,
  signal?: AbortSignal,
): Promise<QuantisedMap> {
  inspection.checkSlice(slice);
  const { geometry } = inspection.pixels;
  switch (query.of) {
    case 'norm':
      return quantise(coveredMap(inspection.reading(readings[query.part](query.attachment)), slice, geometry), false);
    case 'difference':
      return quantise(coveredMap(inspection.reading(blockReadings.difference(query.block)), slice, geometry), false);
    case 'channel': {
      const { attachment, part, channel } = query;
      return quantise(coveredMap(await inspection.channel(attachment, part, channel, signal), slice, geometry), true);
    }
    case 'slices': {
      const weight = await inspection.sliceWeight(query.attachment, query.from, query.to, signal);
      return quantise(coveredMap(weight, 0, geometry), false);
    }
  }
}

/** A matrix [1, r, r], which has signs. */
function matrix({ shape, data }: TensorData): QuantisedMap {
  const [, height, width] = shape;
  return quantise({ width, height, values: data }, true);
}

export function answerPrompt(inspection: ImageInspection, slot: PromptSlot, asked: PromptInspection): PromptAnswer {
  const { prompts, slice, iou } = asked;
  const attachment = (name: string): DecoderAttachment => {
    const norms = asked.readings.get(readings.addition(name))!;
    const onImage = norms.shape.length === 3;
    return {
      name,
      share: asked.readings.get(readings.share(name))!.data[0],
      activity: activityOf(asked.readings, name),
      map: onImage ? quantise(coveredMap(norms, 0, inspection.pixels.geometry), false) : null,
      tokens: onImage ? null : [...norms.data],
    };
  };
  const generated: NamedMap[] = [...asked.readings]
    .filter(([name]) => isGenerated(name))
    .map(([name, weights]) => ({ name, map: matrix(weights) }));
  return {
    slot,
    slice,
    prompts: { points: prompts.points.map((point) => ({ ...point })), box: prompts.box && [...prompts.box] },
    iou,
    attachments: asked.attachments.map(attachment),
    generated,
  };
}

export const answerChanges = (first: PromptInspection, second: PromptInspection): SentChange[] =>
  generatedChanges(first, second).map(({ name, difference, change }) => ({ name, map: matrix(difference), change }));

export function answerFrozen(
  { pixels: { geometry } }: ImageInspection,
  slot: PromptSlot,
  asked: PromptInspection,
  frozen: FrozenComparison,
): FrozenAnswer {
  const { shape, data } = asked.readings.get('low_res_masks')!;
  const [, , side] = shape;
  const logits = {
    dtype: 'float32' as const,
    shape: [1, side, side],
    data: data.slice(0, side * side).map((value, at) => value - frozen.lowResMasks.data[at]),
  };
  const { width, height } = shownSize(geometry.original);
  const [ours, theirs] = [asked.mask, frozen.mask].map((mask) => resizeMask(mask, width, height).data);
  const both = Uint8Array.from(ours, (mine, pixel) => (mine ? (theirs[pixel] ? 1 : 2) : theirs[pixel] ? 3 : 0));
  return {
    slot,
    embedding: quantise(coveredMap(frozen.embeddingDifference, 0, geometry), false),
    embeddingChange: frozen.embeddingChange,
    iou: { adapted: asked.iou, frozen: frozen.iou },
    dice: frozen.dice,
    logits: quantise(coveredMap(logits, 0, geometry), true),
    masks: { width, height, data: Buffer.from(both).toString('base64') },
  };
}
