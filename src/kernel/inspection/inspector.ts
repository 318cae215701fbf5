import { createHash } from 'node:crypto';
import { UserError } from '../errors';
import type { TensorData } from '../graph';
import type { RgbImage } from '../imaging';
import { pixelDigest } from '../inference/encoder';
import { fitImage, geometryOf, normalise, type Geometry } from '../inference/preprocess';
import { createProgramCache, type ProgramCache } from '../runtime/programCache';
import type { Executor } from '../runtime/types';
import { ImageInspection } from './imageInspection';
import { readInspectedModel, slicesOf, type InspectedModel, type InspectorFiles } from './model';
import { compileDecoderInspection, compileEncoderInspection, type TracedProgram } from './programs';

/** Programs kept per inspector: two encoders, three decoders, and small ones. */
const programLimit = 8;

/** What an inspection is of. */
export interface InspectedPixels {
  /** [D, 3, S, S], normalised and padded. */
  readonly image: TensorData;
  readonly geometry: Geometry;
  /** Hexadecimal SHA-256 of what entered the model. */
  readonly digest: string;
}

/** Looks into a model with adapters: one forward pass per image, one decoder run per prompt. */
export class AdapterInspector {
  readonly programs: ProgramCache;
  private readonly traces = new Map<string, TracedProgram>();

  constructor(
    readonly model: InspectedModel,
    readonly executor: Executor,
  ) {
    this.programs = createProgramCache(executor, programLimit);
  }

  /** Slices of a volume that are inspected together; 1 unless the adapters look along the depth. */
  get slices(): number {
    return slicesOf(this.model);
  }

  /**
   * One pass over a picture, or over neighbouring slices of one volume where the adapters look along the depth.
   * @throws UserError for several pictures that no depth branch connects, or of different sizes; CancelledError
   */
  async inspect(pictures: readonly RgbImage[], signal?: AbortSignal): Promise<ImageInspection> {
    const [first] = pictures;
    if (first === undefined) throw new UserError('there is no picture to inspect');
    if (pictures.some(({ width, height }) => width !== first.width || height !== first.height)) {
      throw new UserError('slices that are inspected together must have one size');
    }
    const side = this.model.config.imageSize;
    const fitted = pictures.map((picture) => fitImage(picture, side));
    const geometry = geometryOf(first.width, first.height, side);
    return this.inspectPixels({ image: normalise(fitted, side), geometry, digest: pixelDigest(fitted) }, signal);
  }

  /** The same of pictures that are normalised already, as goldens are: [D, 3, S, S]. */
  async inspectNormalised(image: TensorData, signal?: AbortSignal): Promise<ImageInspection> {
    const side = this.model.config.imageSize;
    const { buffer, byteOffset, byteLength } = image.data;
    const digest = createHash('sha256')
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest('hex');
    return this.inspectPixels({ image, geometry: geometryOf(side, side, side), digest }, signal);
  }

  /** The encoder's program for so many slices; its graph stays, for channels that are asked for later. */
  encoderOf(slices: number): TracedProgram {
    return this.traced(`encoder-${slices}`, () => compileEncoderInspection(this.model, slices));
  }

  decoderOf(tokens: number): TracedProgram {
    return this.traced(`decoder-${tokens}`, () => compileDecoderInspection(this.model, tokens));
  }

  async dispose(): Promise<void> {
    await this.programs.clear();
  }

  private async inspectPixels(pixels: InspectedPixels, signal?: AbortSignal): Promise<ImageInspection> {
    const [slices] = pixels.image.shape;
    if (slices > 1 && this.slices === 1) {
      throw new UserError(`these adapters have no depth branch: inspect one picture at a time, not ${slices}`);
    }
    return ImageInspection.of(this, pixels, signal);
  }

  private traced(key: string, make: () => TracedProgram): TracedProgram {
    const known = this.traces.get(key) ?? make();
    this.traces.set(key, known);
    return known;
  }
}

/** Opens a model with its adapters for inspection. @throws UserError when a file is missing, or attaches nothing. */
export const openInspector = async (files: InspectorFiles): Promise<AdapterInspector> =>
  new AdapterInspector(await readInspectedModel(files), files.executor);
