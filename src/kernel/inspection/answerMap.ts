import type { ImageQuery, MapQuery, PromptQuery, QuantisedMap } from '../../protocol/inspector';
import { UserError } from '../errors';
import type { TensorData } from '../graph';
import type { AskedPrompts } from './askedPrompts';
import { coveredMap } from './coveredMap';
import type { FrozenComparison } from './frozenComparison';
import type { ImageInspection } from './imageInspection';
import { blockReadings, readings } from './names';
import { generatedChanges, type PromptInspection } from './promptInspection';
import { quantise } from './quantise';

/** The map that a page asks for. `slice` is that of the encoder's maps. @throws UserError where there is none */
export function answerMap(
  inspection: ImageInspection,
  asked: AskedPrompts,
  slice: number,
  query: MapQuery,
  signal?: AbortSignal,
): Promise<QuantisedMap> {
  return isPromptQuery(query)
    ? promptMap(inspection, asked, query, signal)
    : imageMap(inspection, slice, query, signal);
}

const isPromptQuery = (query: MapQuery): query is PromptQuery => 'slot' in query || query.of === 'generatedChange';

async function imageMap(
  inspection: ImageInspection,
  slice: number,
  query: ImageQuery,
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
    case 'sliceMatrix':
      return sliceMatrix(inspection.reading(readings.sliceAttention(query.attachment)), query.head);
  }
}

/** attention: [heads, D, D] */
function sliceMatrix({ shape, data }: TensorData, head: number | null): QuantisedMap {
  const [heads, slices] = shape;
  if (head !== null && head >= heads) throw new UserError(`there are the heads 0 to ${heads - 1}, not ${head}`);
  const chosen = head === null ? [...Array(heads).keys()] : [head];
  const cells = slices * slices;
  const values = Float32Array.from({ length: cells }, (_, cell) => {
    return chosen.reduce((sum, one) => sum + data[one * cells + cell], 0) / chosen.length;
  });
  return quantise({ width: slices, height: slices, values }, false);
}

async function promptMap(
  inspection: ImageInspection,
  asked: AskedPrompts,
  query: PromptQuery,
  signal?: AbortSignal,
): Promise<QuantisedMap> {
  switch (query.of) {
    case 'decoder': {
      const { attachment, part, channel } = query;
      const prompt = asked.prompt(query.slot);
      if (channel === null) return decoderMap(inspection, named(prompt, readings[part](attachment)), false);
      return decoderMap(inspection, await inspection.promptChannel(prompt, attachment, part, channel, signal), true);
    }
    case 'generated':
      return matrix(named(asked.prompt(query.slot), query.name));
    case 'generatedChange': {
      const change = asked.pair && generatedChanges(...asked.pair).find(({ name }) => name === query.name);
      if (!change) throw new UserError('there are no two prompts whose weights could be compared: give both first');
      return matrix(change.difference);
    }
    case 'frozen': {
      const frozen = asked.frozen(query.slot);
      if (query.what === 'logits') return logitsMap(inspection, asked.prompt(query.slot), frozen);
      return embeddingMap(inspection, frozen);
    }
  }
}

/** @throws UserError where nothing of this name was read */
function named({ readings: all }: PromptInspection, name: string): TensorData {
  const found = all.get(name);
  if (found === undefined) throw new UserError(`nothing named ${name} was read of the decoder`);
  return found;
}

/** Of the image's places [1, g, g], or of the decoder's tokens [1, T]: one row. */
export function decoderMap({ pixels }: ImageInspection, values: TensorData, signed: boolean): QuantisedMap {
  const { shape, data } = values;
  if (shape.length === 3) return quantise(coveredMap(values, 0, pixels.geometry), signed);
  return quantise({ width: shape[1], height: 1, values: data }, signed);
}

/** A matrix [1, r, r], which has signs. */
export function matrix({ shape, data }: TensorData): QuantisedMap {
  const [, height, width] = shape;
  return quantise({ width, height, values: data }, true);
}

export const embeddingMap = ({ pixels }: ImageInspection, { embeddingDifference }: FrozenComparison): QuantisedMap =>
  quantise(coveredMap(embeddingDifference, 0, pixels.geometry), false);

/** Logits of mask token 0, adapted − frozen. */
export function logitsMap({ pixels }: ImageInspection, asked: PromptInspection, frozen: FrozenComparison) {
  const { shape, data } = asked.readings.get('low_res_masks')!;
  const [, , side] = shape;
  const logits = {
    dtype: 'float32' as const,
    shape: [1, side, side],
    data: data.slice(0, side * side).map((value, at) => value - frozen.lowResMasks.data[at]),
  };
  return quantise(coveredMap(logits, 0, pixels.geometry), true);
}
