import type { PromptSet } from '../datasets/types';
import { tensorData, type TensorData } from '../graph';
import type { Mask } from '../imaging';
import { place } from '../inference/objects';
import { originalMask } from '../inference/postprocess';
import type { Geometry } from '../inference/preprocess';
import { checkPrompts } from '../inference/promptChecks';
import type { Feed, HeldTensor } from '../runtime/types';
import { promptTokens, tokenCount } from '../sam/promptTokens';
import type { AdapterInspector } from './inspector';
import { isGenerated } from './names';

/** What the decoder answered to prompts, and what was read of its adapters in the same run. */
export interface PromptInspection {
  readonly prompts: PromptSet;
  readonly slice: number;
  /** By name (names.ts); `low_res_masks` [1, 4, 4g, 4g] and `iou` [1, 4] among them. */
  readonly readings: ReadonlyMap<string, TensorData>;
  /** How many tokens the prompts are, as the decoder's program counts them. */
  readonly tokens: number;
  /** Attachments of the decoder. */
  readonly attachments: readonly string[];
  /** Of mask token 0, at the original image's size. */
  readonly mask: Mask;
  /** The model's own estimate of that mask's IoU, not clamped. */
  readonly iou: number;
}

/** The prompts as the decoder takes them, on one embedding. */
export function promptFeeds(geometry: Geometry, prompts: PromptSet, embedding: Feed): Record<string, Feed> {
  checkPrompts(prompts, geometry.original);
  const { points, labels } = promptTokens(place(prompts, geometry));
  return {
    embedding,
    points: tensorData([1, labels.length, 2], points),
    labels: tensorData([1, labels.length], labels),
  };
}

/** Mask token 0 at the original image's size. lowRes: [1, 4, side, side] */
export function singleMask(lowRes: TensorData, { side, resized, original }: Geometry): Mask {
  const [, , height, width] = lowRes.shape;
  return originalMask({ data: lowRes.data.subarray(0, width * height), width, height }, side, resized, original);
}

/** One run of the inspecting decoder. @throws UserError when there is no prompt or one lies outside of the image. */
export async function askPrompt(
  inspector: AdapterInspector,
  geometry: Geometry,
  embedding: HeldTensor,
  prompts: PromptSet,
  slice: number,
  signal?: AbortSignal,
): Promise<PromptInspection> {
  const feeds = promptFeeds(geometry, prompts, embedding);
  const tokens = tokenCount(place(prompts, geometry));
  const { program, attachments } = inspector.decoderOf(tokens);
  const loaded = await inspector.programs.get(`decoder-${tokens}`, () => program);
  const outputs = await inspector.executor.run(loaded, feeds, { signal });
  return {
    prompts,
    slice,
    tokens,
    readings: new Map(Object.entries(outputs)),
    attachments: attachments.map(({ name }) => name),
    mask: singleMask(outputs.low_res_masks, geometry),
    iou: outputs.iou.data[0],
  };
}

/** HyP-Adpt's weights of one decoder layer under two prompts. */
export interface GeneratedChange {
  /** As the first prompt generates it: [1, r, r]. */
  readonly name: string;
  /** Second − first: [1, r, r]. */
  readonly difference: TensorData;
  /** ‖second − first‖ / ‖first‖. */
  readonly change: number;
}

/** How the generated weights differ between two prompts, layer by layer; empty where nothing generates any. */
export function generatedChanges(first: PromptInspection, second: PromptInspection): GeneratedChange[] {
  const names = [...first.readings.keys()].filter(isGenerated);
  return names.map((name) => {
    const [a, b] = [first.readings.get(name)!, second.readings.get(name)!];
    const difference = tensorData(
      a.shape,
      a.data.map((value, entry) => b.data[entry] - value),
    );
    return { name, difference, change: length(difference.data) / length(a.data) };
  });
}

const length = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
