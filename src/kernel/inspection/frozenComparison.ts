import type { TensorData } from '../graph';
import type { Mask } from '../imaging';
import { compileDecoder, compileEncoder } from '../inference/programs';
import { dice } from '../evaluation';
import type { Executor, HeldTensor } from '../runtime/types';
import type { SamModel } from '../sam/sam';
import { bare } from '../sam/seams';
import { constantWeights } from '../sam/weights';
import type { AdapterInspector, InspectedPixels } from './inspector';
import { compileEmbeddingDifference } from './programs';
import { promptFeeds, singleMask, type PromptInspection } from './promptInspection';

/** The frozen SAM beside the adapted one, on one slice and one prompt. */
export interface FrozenComparison {
  /** ‖adapted − frozen‖ over the embedding's channels: [1, g, g]. */
  readonly embeddingDifference: TensorData;
  /** ‖adapted − frozen‖ / ‖frozen‖ over the whole embedding. */
  readonly embeddingChange: number;
  /** Logits of the frozen SAM's mask token 0 … 3: [1, 4, 4g, 4g]. */
  readonly lowResMasks: TensorData;
  /** Mask token 0 of the frozen SAM, at the original image's size. */
  readonly mask: Mask;
  readonly iou: number;
  /** Of the two masks with each other, 0..1. */
  readonly dice: number;
}

/** Slices of an image as the frozen SAM encodes them, each when it is first asked for. */
export class FrozenImages {
  private readonly embeddings = new Map<number, Promise<HeldTensor>>();
  private readonly model: SamModel;
  private readonly executor: Executor;

  constructor(
    private readonly inspector: AdapterInspector,
    private readonly pixels: InspectedPixels,
  ) {
    const { config, frozen } = inspector.model;
    this.model = { config, weights: constantWeights(frozen), seams: bare };
    this.executor = inspector.executor;
  }

  async compare(adapted: HeldTensor, asked: PromptInspection, signal?: AbortSignal): Promise<FrozenComparison> {
    const { programs, model } = this.inspector;
    const { executor } = this;
    const frozen = await this.embedding(asked.slice, signal);
    const difference = await programs.get('difference', () => compileEmbeddingDifference(model));
    const { norm, change } = await executor.run(difference, { adapted, frozen }, { signal });
    const decoder = await programs.get('frozen-decoder', () =>
      compileDecoder(this.model, { oneImage: true, maskPrompt: false, parts: false }),
    );
    const feeds = promptFeeds(this.pixels.geometry, asked.prompts, frozen);
    const { low_res_masks: lowResMasks, iou } = await executor.run(decoder, feeds, { signal });
    const mask = singleMask(lowResMasks, this.pixels.geometry);
    return {
      embeddingDifference: norm,
      embeddingChange: change.data[0],
      lowResMasks,
      mask,
      iou: iou.data[0],
      dice: dice(asked.mask, mask),
    };
  }

  async free(): Promise<void> {
    const all = [...this.embeddings.values()];
    this.embeddings.clear();
    for (const embedding of all) await this.executor.free(await embedding);
  }

  private embedding(slice: number, signal?: AbortSignal): Promise<HeldTensor> {
    const known = this.embeddings.get(slice);
    if (known !== undefined) return known;
    const made = this.encode(slice, signal);
    this.embeddings.set(slice, made);
    made.catch(() => this.embeddings.delete(slice));
    return made;
  }

  private async encode(slice: number, signal?: AbortSignal): Promise<HeldTensor> {
    const [, channels, height, width] = this.pixels.image.shape;
    const size = channels * height * width;
    const image: TensorData = {
      dtype: 'float32',
      shape: [1, channels, height, width],
      data: this.pixels.image.data.slice(slice * size, (slice + 1) * size),
    };
    const loaded = await this.inspector.programs.get('frozen-encoder', () => compileEncoder(this.model, 1));
    const { held } = await this.executor.runKeeping(loaded, { image }, { keep: ['embedding'], signal });
    return held.embedding;
  }
}
