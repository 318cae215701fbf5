import { compile, compileSymbolic, input, slice, splitByInput, type CompiledGraph, type Tensor } from '../graph';
import { gridOf, maskTokens } from '../sam/config';
import { decodePrompts, encodeImages, type SamModel } from '../sam/sam';

/** images [B, 3, S, S], normalised → embedding [B, C, g, g] */
export function compileEncoder(model: SamModel, batch: number): CompiledGraph {
  const { imageSize } = model.config;
  return compile(`encoder-${batch}`, {
    embedding: encodeImages(model, input('image', [batch, 3, imageSize, imageSize])),
  });
}

/** Of a chunk's slice `index`: the output of `compileChunkEncoder`. */
export const sliceEmbedding = (index: number): string => `embedding_${index}`;

/** images [D, 3, S, S], neighbouring slices of one volume → embedding_0 … embedding_(D−1), each [1, C, g, g] */
export function compileChunkEncoder(model: SamModel, slices: number): CompiledGraph {
  const { imageSize } = model.config;
  const embeddings = encodeImages(model, input('image', [slices, 3, imageSize, imageSize]));
  const names = Array.from({ length: slices }, (_, index) => index);
  return compile(
    `chunk-encoder-${slices}`,
    Object.fromEntries(names.map((index) => [sliceEmbedding(index), slice(embeddings, 0, index, index + 1)])),
  );
}

export interface DecoderOptions {
  /** One embedding [1, C, g, g] for all prompts instead of one each. */
  readonly oneImage?: boolean;
  /** Without the inputs `masks` and `has_mask`: nobody has a previous answer. */
  readonly maskPrompt?: boolean;
  /**
   * Also single_mask [B, 1, 4g, 4g] and candidate_masks [B, 3, 4g, 4g], the parts of low_res_masks, for whoever wants to
   * move no more than they need.
   */
  readonly parts?: boolean;
}

/**
 * embedding [B, C, g, g] and prompts → low_res_masks [B, 4, 4g, 4g] logits, iou [B, 4]: one program for any batch B and
 * any number of tokens, so that a further click waits for no session. On the CPU it answers as fast as one of fixed sizes.
 */
export const compileDecoder = (model: SamModel, options: DecoderOptions = {}): CompiledGraph =>
  compileSymbolic('decoder', ['batch', 'tokens'], (sizes) => decoderOutputs(model, sizes, options));

/** One image, no previous answers: what every click on an image has in common can be computed with the image. */
const clickOptions = { oneImage: true, maskPrompt: false } as const;

/** embedding [1, C, g, g] → what `compileClickDecoder` wants of it. */
export function compileImagePart(model: SamModel): CompiledGraph {
  // Its part is the same for any number of prompts; more than one, so that no extent of theirs is taken for an image's.
  const outputs = decoderOutputs(model, { batch: 3, tokens: 5 }, clickOptions);
  return compile('decoder-image', splitByInput(outputs, 'embedding').early);
}

/** As `compileDecoder` for one image and without previous answers, from the results of `compileImagePart`. */
export const compileClickDecoder = (model: SamModel): CompiledGraph =>
  compileSymbolic('decoder-click', ['batch', 'tokens'], (sizes) => {
    return splitByInput(decoderOutputs(model, sizes, clickOptions), 'embedding').late;
  });

function decoderOutputs(
  model: SamModel,
  { batch, tokens }: { readonly batch: number; readonly tokens: number },
  { oneImage = false, maskPrompt = true, parts = true }: DecoderOptions,
): Record<string, Tensor> {
  const grid = gridOf(model.config);
  const embedding = input('embedding', [oneImage ? 1 : batch, model.config.outChannels, grid, grid]);
  const previous = maskPrompt && {
    masks: input('masks', [batch, 1, 4 * grid, 4 * grid]),
    hasMask: input('has_mask', [batch]),
  };
  const { masks, iou } = decodePrompts(model, embedding, {
    points: input('points', [batch, tokens, 2]),
    labels: input('labels', [batch, tokens]),
    ...previous,
  });
  const whole = { low_res_masks: masks, iou };
  const pieces = { single_mask: slice(masks, 1, 0, 1), candidate_masks: slice(masks, 1, 1, maskTokens) };
  return parts ? { ...whole, ...pieces } : whole;
}

/** given [1, C, g, g] → embedding, the same: takes a stored embedding into the executor, or lets one out. */
export function compileEmbeddingPort(model: SamModel): CompiledGraph {
  const grid = gridOf(model.config);
  return compile('embedding-port', { embedding: input('given', [1, model.config.outChannels, grid, grid]) });
}
