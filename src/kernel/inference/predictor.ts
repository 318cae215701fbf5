import type { PromptSet } from '../datasets/types';
import { UserError } from '../errors';
import { tensorData, type TensorData } from '../graph';
import type { RgbImage } from '../imaging';
import { createProgramCache, type ProgramCache } from '../runtime/programCache';
import type { Executor, Feed, HeldTensor, Loaded } from '../runtime/types';
import { gridOf } from '../sam/config';
import { promptTokens, type ModelPrompts } from '../sam/promptTokens';
import type { SamModel } from '../sam/sam';
import { originalLogits, threshold } from './postprocess';
import { fitImage, geometryOf, normalise, toModel, type Geometry } from './preprocess';
import { compileDecoder, compileEncoder } from './programs';
import type { EncodedImage, Prediction, PredictOptions, Predictor } from './types';

export interface PredictorOptions {
  readonly model: SamModel;
  readonly executor: Executor;
  readonly modelName: string;
  readonly adaptersName: string | null;
  /** Values of the model's own graph inputs (parameters in training), read at every run. */
  readonly feeds?: () => Readonly<Record<string, TensorData>>;
  /** Ends the executor with the predictor. */
  readonly ownsExecutor?: boolean;
}

/** Programs kept per predictor: the encoder and the decoder. */
const programLimit = 2;

class HeldImage implements EncodedImage {
  constructor(
    readonly embedding: HeldTensor,
    readonly geometry: Geometry,
    private readonly executor: Executor,
  ) {}

  get width(): number {
    return this.geometry.original.width;
  }

  get height(): number {
    return this.geometry.original.height;
  }

  free(): Promise<void> {
    return this.executor.free(this.embedding);
  }
}

/** Answers prompts with a model on an executor; embeddings stay inside the executor. */
export class SamPredictor implements Predictor {
  readonly model: string;
  readonly adapters: string | null;
  private readonly programs: ProgramCache;

  constructor(private readonly options: PredictorOptions) {
    this.model = options.modelName;
    this.adapters = options.adaptersName;
    this.programs = createProgramCache(options.executor, programLimit);
  }

  get device(): string {
    return this.options.executor.device;
  }

  async encode(image: RgbImage, signal?: AbortSignal): Promise<HeldImage> {
    const { model, executor } = this.options;
    const side = model.config.imageSize;
    const loaded = await this.programs.get('encoder', () => compileEncoder(model, 1));
    const feeds = this.feedsFor(loaded, { image: normalise([fitImage(image, side)], side) });
    const { held } = await executor.runKeeping(loaded, feeds, { keep: ['embedding'], signal });
    return new HeldImage(held.embedding, geometryOf(image.width, image.height, side), executor);
  }

  /** @throws UserError when there is no prompt or one lies outside of the image. */
  async predict(image: EncodedImage, prompts: PromptSet, options: PredictOptions = {}): Promise<Prediction[]> {
    if (!(image instanceof HeldImage)) throw new TypeError('this image was encoded by another predictor');
    checkPrompts(prompts, image);
    const placed = place(prompts, image.geometry);
    const { model, executor } = this.options;
    const side = 4 * gridOf(model.config);
    const loaded = await this.programs.get('decoder', () => compileDecoder(model));
    const { points, labels } = promptTokens(placed);
    const feeds = this.feedsFor(loaded, {
      embedding: image.embedding,
      points: tensorData([1, labels.length, 2], points),
      labels: tensorData([1, labels.length], labels),
      masks: tensorData([1, 1, side, side], options.previous?.data ?? new Float32Array(side * side)),
      has_mask: tensorData([1], [options.previous === undefined ? 0 : 1]),
    });
    const { low_res_masks: masks, iou } = await executor.run(loaded, feeds, { signal: options.signal });
    const tokens = options.multimask ? [1, 2, 3] : [0];
    tokens.sort((a, b) => iou.data[b] - iou.data[a]);
    return tokens.map((token) => {
      const data = masks.data.slice(token * side * side, (token + 1) * side * side);
      const { side: square, resized, original } = image.geometry;
      const logits = originalLogits({ data, width: side, height: side }, square, resized, original);
      return { mask: threshold(logits), iou: clamp(iou.data[token]), lowRes: { data, side } };
    });
  }

  async dispose(): Promise<void> {
    await this.programs.clear();
    if (this.options.ownsExecutor) await this.options.executor.dispose();
  }

  /** The given feeds and those of the model's own inputs that this program has. */
  private feedsFor(loaded: Loaded, given: Record<string, Feed>): Record<string, Feed> {
    const own = this.options.feeds?.() ?? {};
    const wanted = loaded.program.inputs
      .filter(({ name }) => name in own)
      .map(({ name }) => [name, own[name]] as const);
    return { ...given, ...Object.fromEntries(wanted) };
  }
}

/** An estimated IoU is a regression's output: it may stray a little out of its range. */
const clamp = (value: number): number => Math.min(1, Math.max(0, value));

const place = ({ points, box }: PromptSet, geometry: Geometry): ModelPrompts => ({
  points: points.map(({ x, y, label }) => {
    const [mx, my] = toModel(geometry, x, y);
    return { x: mx, y: my, label };
  }),
  box: box === null ? null : [...toModel(geometry, box[0], box[1]), ...toModel(geometry, box[2], box[3])],
});

function checkPrompts({ points, box }: PromptSet, { width, height }: EncodedImage): void {
  if (points.length === 0 && box === null) throw new UserError('there is no prompt: give a point or a box');
  for (const { x, y } of points) {
    if (!(x >= 0 && y >= 0 && x < width && y < height)) {
      throw new UserError(`the point ${x},${y} lies outside of the image (${width}×${height} pixels)`);
    }
  }
  if (box === null) return;
  const [x0, y0, x1, y1] = box;
  if (!(x0 >= 0 && y0 >= 0 && x1 <= width && y1 <= height && x0 < x1 && y0 < y1)) {
    throw new UserError(`the box ${box.join(',')} is empty or leaves the image (${width}×${height} pixels)`);
  }
}
