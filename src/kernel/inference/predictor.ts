import type { PromptSet } from '../datasets/types';
import { tensorData, type TensorData } from '../graph';
import type { RgbImage } from '../imaging';
import { createProgramCache, type ProgramCache } from '../runtime/programCache';
import type { Executor, Feed, Loaded } from '../runtime/types';
import { gridOf } from '../sam/config';
import { promptTokens, tokenCount } from '../sam/promptTokens';
import type { SamModel } from '../sam/sam';
import { EmbeddingStore, type HeldEmbedding } from './embeddings';
import { Encoder, pixelDigest, type StoredEmbeddings } from './encoder';
import { HeldImage } from './heldImage';
import { type MaskAnswer, meanAnswers, predictionsOf } from './maskAnswers';
import { alike, maskTokens, place, type PlacedObject } from './objects';
import { fitImage, geometryOf } from './preprocess';
import { compileClickDecoder, compileDecoder } from './programs';
import { checkPrompts } from './promptChecks';
import type { EncodedImage, ObjectPrompts, Prediction, PredictOptions, Predictor } from './types';

export interface PredictorOptions {
  readonly model: SamModel;
  readonly executor: Executor;
  readonly modelName: string;
  readonly adaptersName: string | null;
  /** Adapters with a depth branch (SD-Trans): the slices they were trained on together, and the model for any number. */
  readonly depth?: { readonly slices: number; readonly modelFor: (slices: number) => SamModel };
  /** Values of the model's own graph inputs (parameters in training), read at every run. */
  readonly feeds?: () => Readonly<Record<string, TensorData>>;
  /** Ends the executor with the predictor. */
  readonly ownsExecutor?: boolean;
  readonly stored?: StoredEmbeddings;
  /** What embeddings may take inside of the executor; 512 MiB by default (some 35 images of a full-size model). */
  readonly embeddingBytes?: number;
}

type ManyOptions = Omit<PredictOptions, 'previous'>;

/** Programs kept per predictor: encoders of an image and of a chunk, the decoder whole and in two parts, a port. */
const programLimit = 6;

/** Cells of the image that all objects of one decoder run attend to: 16 objects at 1024 pixels, about 1 GiB. */
const cellsPerRun = 2 ** 16;

/**
 * Answers prompts with a model on an executor. Embeddings stay inside the executor; of an image its fitted pixels are
 * kept (at most 3 MiB), so that it is encoded again by itself when the engine was restarted.
 */
export class SamPredictor implements Predictor {
  readonly model: string;
  readonly adapters: string | null;
  /** Slices of a volume that are encoded together: 1 unless the adapters look along the depth. */
  readonly chunkSlices: number;
  private readonly programs: ProgramCache;
  private readonly store: EmbeddingStore;
  private readonly encoder: Encoder;
  private encoded = 0;

  constructor(private readonly options: PredictorOptions) {
    const { executor, model, depth, stored = null, embeddingBytes = 2 ** 29 } = options;
    this.model = options.modelName;
    this.adapters = options.adaptersName;
    this.chunkSlices = depth?.slices ?? 1;
    this.programs = createProgramCache(executor, programLimit);
    this.store = new EmbeddingStore(executor, embeddingBytes);
    this.encoder = new Encoder({
      executor,
      programs: this.programs,
      modelFor: depth?.modelFor ?? (() => model),
      feedsFor: (loaded, given) => this.feedsFor(loaded, given),
      stored,
    });
  }

  get device(): string {
    return this.options.executor.device;
  }

  get maskSide(): number {
    return 4 * gridOf(this.options.model.config);
  }

  async encode(image: RgbImage, signal?: AbortSignal): Promise<EncodedImage> {
    const [encoded] = await this.encodeTogether([image], signal);
    return encoded;
  }

  /**
   * Neighbouring slices of one volume, at most `chunkSlices` of them, in their order. With SD-Trans each looks at the
   * others; else they are encoded one by one.
   */
  async encodeChunk(slices: readonly RgbImage[], signal?: AbortSignal): Promise<EncodedImage[]> {
    if (this.chunkSlices > 1) return this.encodeTogether(slices, signal);
    const encoded: EncodedImage[] = [];
    for (const slice of slices) encoded.push(await this.encode(slice, signal));
    return encoded;
  }

  /** @throws UserError when there is no prompt or one lies outside of the image. */
  async predict(image: EncodedImage, prompts: PromptSet, options: PredictOptions = {}): Promise<Prediction[]> {
    const { previous, multimask, signal } = options;
    const [answers] = await this.predictMany(image, [{ prompts, previous }], { multimask, signal });
    return answers;
  }

  /**
   * One answer for a slice that was encoded with several chunks (`predictManyTogether`), for one object.
   * @throws UserError when there is no prompt or one lies outside of the image.
   */
  async predictTogether(
    views: readonly EncodedImage[],
    prompts: PromptSet,
    { previous, signal }: Omit<PredictOptions, 'multimask'> = {},
  ): Promise<Prediction> {
    const [[prediction]] = await this.predictManyTogether(views, [{ prompts, previous }], { signal });
    return prediction;
  }

  /**
   * Answers for several objects of one image, in their order: objects with the same number of prompts share a decoder
   * run (up to 16 at 1024 pixels) and the embedding inside of it.
   * @throws UserError when an object has no prompt or one lies outside of the image.
   */
  predictMany(image: EncodedImage, objects: readonly ObjectPrompts[], options: ManyOptions = {}) {
    return this.predictManyTogether([image], objects, options);
  }

  /**
   * The same for a slice that was encoded with several chunks: each mask is that of the mean logits, its estimate the mean
   * of theirs (`meanAnswers`).
   */
  async predictManyTogether(
    views: readonly EncodedImage[],
    objects: readonly ObjectPrompts[],
    options: ManyOptions = {},
  ): Promise<Prediction[][]> {
    const held = views.map((view) => this.own(view));
    const said: MaskAnswer[][][] = [];
    for (const view of held) said.push(await this.answers(view, objects, options));
    return objects.map((_, index) =>
      predictionsOf(meanAnswers(said.map((answers) => answers[index])), held[0].geometry),
    );
  }

  async dispose(): Promise<void> {
    await this.programs.clear();
    if (this.options.ownsExecutor) await this.options.executor.dispose();
  }

  private own(image: EncodedImage): HeldImage {
    if (image instanceof HeldImage && image.store === this.store) return image;
    throw new TypeError('this image was encoded by another predictor');
  }

  /** The masks that were asked for, of each object, in the decoder's order. */
  private async answers(
    image: HeldImage,
    objects: readonly ObjectPrompts[],
    { multimask = false, signal }: ManyOptions,
  ): Promise<MaskAnswer[][]> {
    const placed = objects.map(({ prompts, previous }, index) => {
      checkPrompts(prompts, image);
      const tokens = maskTokens(prompts, previous !== undefined, multimask);
      return { index, placed: place(prompts, image.geometry), previous: previous?.data ?? null, tokens };
    });
    const answers = new Array<MaskAnswer[]>(objects.length);
    const atOnce = Math.max(1, Math.floor(cellsPerRun / gridOf(this.options.model.config) ** 2));
    for (const group of alike(placed, atOnce)) {
      const answered = await image.use((embedding) => this.decode(embedding, group, signal), signal);
      group.forEach(({ index }, place) => (answers[index] = answered[place]));
    }
    return answers;
  }

  private async encodeTogether(images: readonly RgbImage[], signal?: AbortSignal): Promise<HeldImage[]> {
    const side = this.options.model.config.imageSize;
    const fitted = images.map((image) => fitImage(image, side));
    const digest = pixelDigest(fitted);
    // Weights in training change from one run to the next: then equal pixels have no equal embedding.
    const key = this.options.feeds === undefined ? digest : `${digest}-${this.encoded++}`;
    const geometries = images.map(({ width, height }) => geometryOf(width, height, side));
    const open = () => this.store.open(key, (heed) => this.encoder.encode(fitted, digest, heed), signal);
    const held: HeldImage[] = [];
    // One opening for each image: they are freed one by one.
    for (const [index, geometry] of geometries.entries()) {
      held.push(new HeldImage(this.store, await open(), index, geometry));
    }
    return held;
  }

  /** One decoder run for objects of as many tokens each. */
  private async decode(
    { embedding, clicks }: HeldEmbedding,
    objects: readonly PlacedObject[],
    signal?: AbortSignal,
  ): Promise<MaskAnswer[][]> {
    const { model, executor } = this.options;
    const side = 4 * gridOf(model.config);
    const count = objects.length;
    const tokens = tokenCount(objects[0].placed);
    const maskPrompt = objects.some(({ previous }) => previous !== null);
    const loaded = await this.programs.get(maskPrompt ? 'decoder' : 'decoder-click', () =>
      maskPrompt ? compileDecoder(model, { oneImage: true }) : compileClickDecoder(model),
    );
    const prompts = objects.map(({ placed }) => promptTokens(placed));
    const given: Record<string, Feed> = {
      ...(maskPrompt ? { embedding } : clicks),
      points: tensorData(
        [count, tokens, 2],
        prompts.flatMap(({ points }) => points),
      ),
      labels: tensorData(
        [count, tokens],
        prompts.flatMap(({ labels }) => labels),
      ),
    };
    if (maskPrompt) {
      const masks = new Float32Array(count * side * side);
      objects.forEach(({ previous }, place) => masks.set(previous ?? [], place * side * side));
      given.masks = tensorData([count, 1, side, side], masks);
      const present = objects.map(({ previous }) => (previous === null ? 0 : 1));
      given.has_mask = tensorData([count], present);
    }
    // Only the logits that are asked for leave the engine: a megabyte through its pipe costs 2 ms.
    const single = objects.every(({ tokens: asked }) => asked.every((token) => token === 0));
    const candidates = objects.every(({ tokens: asked }) => !asked.includes(0));
    const output = single ? 'single_mask' : candidates ? 'candidate_masks' : 'low_res_masks';
    const first = candidates ? 1 : 0;
    const results = await executor.run(loaded, this.feedsFor(loaded, given), { fetch: [output, 'iou'], signal });
    const perObject = results[output].shape[1];
    return objects.map(({ tokens: asked }, place) => {
      const estimates = results.iou.data.subarray(4 * place, 4 * place + 4);
      return asked.map((token) => {
        const start = (place * perObject + token - first) * side * side;
        const data = results[output].data.slice(start, start + side * side);
        return { iou: estimates[token], lowRes: { data, side } };
      });
    });
  }

  /** The given feeds and those of the model's own inputs that this program has. */
  private feedsFor(loaded: Loaded, given: Readonly<Record<string, Feed>>): Record<string, Feed> {
    const own = this.options.feeds?.() ?? {};
    const wanted = loaded.program.inputs
      .filter(({ name }) => name in own)
      .map(({ name }) => [name, own[name]] as const);
    return { ...given, ...Object.fromEntries(wanted) };
  }
}
