import type { EncodedImage, Predictor } from '../inference/types';
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

/** A segmenter that can compute an embedding ahead of the first prompt. */
export interface ImageSegmenter extends Segmenter {
  warm(slice: number, signal?: AbortSignal): Promise<void>;
  /** How long this model took to encode the last image, ms; null before the first one. */
  encodingMs(): number | null;
}

/** The models that answer, and the embeddings of the images that they were last asked about. */
export class Models {
  private readonly predictors: LeasedCache<Predictor>;
  private readonly embeddings: LeasedCache<EncodedImage>;
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
    this.embeddings = new LeasedCache<EncodedImage>(limits.embeddings, (image) => image.free());
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
    const withImage = <R>(
      slice: number,
      work: (predictor: Predictor, image: EncodedImage) => Promise<R>,
      signal?: AbortSignal,
    ) =>
      this.withPredictor(key, adapters, (predictor) =>
        this.withEmbedding(predictor, key, version, slice, work, signal),
      );
    return {
      key,
      label,
      maskSide: await this.withPredictor(key, adapters, ({ maskSide }) => maskSide),
      predict: (slice, objects, settings) =>
        withImage(slice, (predictor, image) => predictor.predictMany(image, objects, settings), settings.signal),
      warm: (slice, signal) => withImage(slice, async () => undefined, signal),
      encodingMs: () => this.encodingMs.get(key) ?? null,
    };
  }

  /** Lets every model and embedding go as soon as nobody uses it. */
  dispose(): void {
    this.embeddings.clear();
    this.predictors.clear();
  }

  private withPredictor<R>(key: string, adapters: string | null, work: (predictor: Predictor) => R | Promise<R>) {
    return this.predictors.use(key, () => this.create(adapters), work);
  }

  private async withEmbedding<R>(
    predictor: Predictor,
    modelKey: string,
    version: FileVersion,
    slice: number,
    work: (predictor: Predictor, image: EncodedImage) => Promise<R>,
    signal?: AbortSignal,
  ): Promise<R> {
    const key = `${modelKey}|${version.version}|${slice}`;
    const encode = async () => {
      const picture = await this.images.picture(version, slice);
      const began = performance.now();
      const image = await predictor.encode(picture, signal);
      this.encodingMs.set(modelKey, performance.now() - began);
      return image;
    };
    const attempt = () => this.embeddings.use(key, encode, (image) => work(predictor, image));
    try {
      return await attempt();
    } catch (error) {
      // The engine that held the embedding ended and was revived: encode once more.
      if (!(error instanceof HeldTensorLost)) throw error;
      this.embeddings.drop(key);
      return attempt();
    }
  }
}

/** The adapters file as it is now: a run that trains on overwrites its best adapters. */
const weightsKey = async (adapters: string | null): Promise<string> =>
  adapters === null ? 'frozen' : (await versionOf(adapters)).version;
