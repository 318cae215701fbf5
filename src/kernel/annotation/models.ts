import { chunksWith } from '../inference/sliceImages';
import type { EncodedImage, Predictor } from '../inference/types';
import { CancelledError } from '../errors';
import type { RgbImage } from '../imaging';
import { HeldTensorLost } from '../runtime/errors';
import { type FileVersion, type ImageLibrary, versionOf } from './images';
import { LeasedCache } from './leasedCache';
import type { Segmenter } from './segmenter';

/** Makes the model with these adapters (an absolute path), or the frozen model. */
export type PredictorFactory = (adapters: string | null) => Promise<Predictor>;

/** A model that is ready, in words. */
export interface ModelDescription {
  readonly model: string;
  /** Absolute path; null for the frozen model. */
  readonly adapters: string | null;
  readonly device: string;
  /** E.g. "phantom-sam + sunnybrook (cpu)". */
  readonly label: string;
  /** Another one when other weights answer. */
  readonly key: string;
}

/** Chunks of slices that stay encoded: those of the slice in work, of its neighbours, and of where a propagation began. */
const keptChunks = 6;

/** A segmenter that can compute an embedding ahead of the first prompt. */
export interface ImageSegmenter extends Segmenter {
  warm(slice: number, signal?: AbortSignal): Promise<void>;
  /** How long this model took to encode the last image, ms; null before the first one. */
  encodingMs(): number | null;
}

/** The models that answer, and the embeddings of the images that they were last asked about. */
export class Models {
  private readonly predictors: LeasedCache<Predictor>;
  private readonly embeddings: LeasedCache<EncodedImage[]>;
  /** Of models that see several slices at once. */
  private readonly chunks: LeasedCache<EncodedImage[]>;
  private readonly encodingMs = new Map<string, number>();

  /**
   * `limits`: how many models, with their adapters, and how many image embeddings are kept ready.
   * `inUse` hears which model is asked.
   */
  constructor(
    private readonly create: PredictorFactory,
    private readonly images: ImageLibrary,
    private readonly inUse: (model: ModelDescription) => void = () => undefined,
    limits: { readonly predictors: number; readonly embeddings: number } = { predictors: 2, embeddings: 16 },
  ) {
    this.predictors = new LeasedCache<Predictor>(limits.predictors, (predictor) => predictor.dispose());
    const free = async (images: readonly EncodedImage[]) => {
      for (const image of images) await image.free();
    };
    this.embeddings = new LeasedCache<EncodedImage[]>(limits.embeddings, free);
    this.chunks = new LeasedCache<EncodedImage[]>(keptChunks, free);
  }

  /** Loads a model and describes it. @throws UserError when the adapters are missing or belong to another model. */
  async describe(adapters: string | null): Promise<ModelDescription> {
    const key = await weightsKey(adapters);
    const description = await this.withPredictor(key, adapters, ({ model, device, adapters: name }) => ({
      model,
      adapters,
      device,
      label: `${model}${name === null ? '' : ` + ${name}`} (${device})`,
      key,
    }));
    this.inUse(description);
    return description;
  }

  /** Binds the model with these adapters to an image as it is on the disk now. */
  async segmenterFor(file: string, adapters: string | null): Promise<ImageSegmenter> {
    const { key, label } = await this.describe(adapters);
    const version = await versionOf(file);
    const withSlice = <R>(slice: number, work: SliceWork<R>, signal?: AbortSignal) =>
      this.withPredictor(key, adapters, (predictor) =>
        this.withSlice({ predictor, key, version, slice, signal }, work),
      );
    return {
      key,
      label,
      maskSide: await this.withPredictor(key, adapters, ({ maskSide }) => maskSide),
      predict: (slice, objects, settings) =>
        withSlice(
          slice,
          (predictor, views) => predictor.predictManyTogether(views, objects, settings),
          settings.signal,
        ),
      warm: (slice, signal) => withSlice(slice, async () => undefined, signal),
      encodingMs: () => this.encodingMs.get(key) ?? null,
    };
  }

  /** Lets every model and embedding go as soon as nobody uses it. */
  dispose(): void {
    this.embeddings.clear();
    this.chunks.clear();
    this.predictors.clear();
  }

  private withPredictor<R>(key: string, adapters: string | null, work: (predictor: Predictor) => R | Promise<R>) {
    return this.predictors.use(key, () => this.create(adapters), work);
  }

  /** Lends the slice, encoded: as each chunk of neighbours has it where the model looks along the depth. */
  private async withSlice<R>(asked: AskedSlice, work: SliceWork<R>): Promise<R> {
    const { predictor, slice } = asked;
    const { length, starts } = await this.chunksOf(asked);
    const lend = async (left: readonly number[], views: readonly EncodedImage[]): Promise<R> => {
      if (left.length === 0) return work(predictor, views);
      const [first, ...rest] = left;
      return this.withChunk(asked, { first, length }, (chunk) => lend(rest, [...views, chunk[slice - first]]));
    };
    try {
      return await lend(starts, []);
    } catch (error) {
      // The engine that held the embeddings ended and was revived: encode once more.
      if (!(error instanceof HeldTensorLost)) throw error;
      for (const first of starts) this.cacheOf(length).drop(chunkKey(asked, first));
      return lend(starts, []);
    }
  }

  private async chunksOf({ predictor, version, slice }: AskedSlice) {
    // The image itself may be out of memory by now: nobody needs it for a slice that is encoded on its own.
    if (predictor.chunkSlices === 1) return { length: 1, starts: [slice] };
    const slices = await this.images.use(version, ({ size }) => size[2]);
    const length = Math.min(predictor.chunkSlices, slices);
    return { length, starts: chunksWith(slice, slices, length) };
  }

  private async withChunk<R>(
    asked: AskedSlice,
    { first, length }: { readonly first: number; readonly length: number },
    work: (chunk: readonly EncodedImage[]) => Promise<R>,
  ): Promise<R> {
    const { predictor, key, version, signal } = asked;
    let begun = false;
    const encode = async () => {
      begun = true;
      const pictures: RgbImage[] = [];
      for (let at = first; at < first + length; at++) pictures.push(await this.images.picture(version, at));
      const began = performance.now();
      const images = await predictor.encodeChunk(pictures, signal);
      this.encodingMs.set(key, performance.now() - began);
      return images;
    };
    for (;;) {
      try {
        return await this.cacheOf(length).use(chunkKey(asked, first), encode, work);
      } catch (error) {
        // Whoever began this encoding has cancelled it; we have not.
        if (begun || signal?.aborted || !(error instanceof CancelledError)) throw error;
      }
    }
  }

  private cacheOf(length: number): LeasedCache<EncodedImage[]> {
    return length > 1 ? this.chunks : this.embeddings;
  }
}

/** What is done with a slice: one view of it, or one from each chunk that holds it. */
type SliceWork<R> = (predictor: Predictor, views: readonly EncodedImage[]) => Promise<R>;

interface AskedSlice {
  readonly predictor: Predictor;
  /** Of the model. */
  readonly key: string;
  readonly version: FileVersion;
  readonly slice: number;
  readonly signal?: AbortSignal;
}

const chunkKey = ({ key, version }: AskedSlice, first: number): string => `${key}|${version.version}|${first}`;

/** The adapters file as it is now: a run that trains on overwrites its best adapters. */
const weightsKey = async (adapters: string | null): Promise<string> =>
  adapters === null ? 'frozen' : (await versionOf(adapters)).version;
