import { compile, compileSymbolic, input, type CompiledGraph } from '../graph';
import { gridOf } from '../sam/config';
import { decodePrompts, encodeImages, type SamModel } from '../sam/sam';

/** images [B, 3, S, S], normalised → embedding [B, C, g, g] */
export function compileEncoder(model: SamModel, batch: number): CompiledGraph {
  const { imageSize } = model.config;
  return compile(`encoder-${batch}`, {
    embedding: encodeImages(model, input('image', [batch, 3, imageSize, imageSize])),
  });
}

/**
 * embedding and prompts → low_res_masks [B, 4, 4g, 4g] logits, iou [B, 4]: one program for any batch B and any number of
 * tokens, so that a further click waits for no session. On the CPU it answers as fast as one of fixed sizes.
 */
export function compileDecoder(model: SamModel): CompiledGraph {
  const grid = gridOf(model.config);
  return compileSymbolic('decoder', ['batch', 'tokens'], ({ batch, tokens }) => {
    const { masks, iou } = decodePrompts(model, input('embedding', [batch, model.config.outChannels, grid, grid]), {
      points: input('points', [batch, tokens, 2]),
      labels: input('labels', [batch, tokens]),
      masks: input('masks', [batch, 1, 4 * grid, 4 * grid]),
      hasMask: input('has_mask', [batch]),
    });
    return { low_res_masks: masks, iou };
  });
}
