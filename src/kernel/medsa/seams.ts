import { add, mul, reshape, transpose, type Shape, type Tensor } from '../graph';
import type { Seams } from '../sam/seams';
import { within, type Weights } from '../sam/weights';
import { adapter, bottleneck, hyperPromptAdapter } from './adapter';
import type { AdapterOptions } from './options';

/** Med-SA's adapters at SAM's seams; `weights` serves the names of med-sa.md, section 5. */
export function adapterSeams(weights: Weights, options: AdapterOptions): Seams {
  const { scale, slices, padding, prompt } = options;
  return {
    encoderBlock: (index) => {
      const block = within(weights, `image_encoder.blocks.${index}`);
      return {
        padding,
        // a = space_adapter(attn(n)) [+ depth_adapter(attn over depth)]; paper §3.3
        attention: (n, own) => {
          const space = adapter(own.plane(n), within(block, 'space_adapter'));
          if (slices === null) return space;
          const depth = bottleneck(own.line(toDepth(n, slices)), within(block, 'depth_adapter'));
          return add(space, fromDepth(depth, n.shape, slices));
        },
        // x + mlp(n) + s·mlp_adapter(n)
        mlp: (n, mlp) => add(mlp(n), mul(bottleneck(n, within(block, 'mlp_adapter')), scale)),
      };
    },
    decoderLayer: (index) => {
      const layer = within(weights, `mask_decoder.layers.${index}`);
      return {
        tokens: (queries, sparse) =>
          prompt === 'none' ? queries : hyperPromptAdapter(queries, sparse, within(layer, 'prompt_adapter')),
        mlp: (queries, mlp) => add(mlp(queries), mul(bottleneck(queries, within(layer, 'mlp_adapter')), scale)),
        image: (keys) => adapter(keys, within(layer, 'image_adapter')),
      };
    },
  };
}

/** Every spatial position as a line of slices. [V·D, h, w, C] → [V·h·w, 1, D, C] */
function toDepth(n: Tensor, slices: number): Tensor {
  const [images, height, width, channels] = n.shape;
  const volumes = images / slices;
  const turned = transpose(reshape(n, [volumes, slices, height * width, channels]), [0, 2, 1, 3]);
  return reshape(turned, [volumes * height * width, 1, slices, channels]);
}

/** The inverse of `toDepth`: back to `shape`. */
function fromDepth(x: Tensor, shape: Shape, slices: number): Tensor {
  const line = reshape(x, [shape[0] / slices, -1, slices, shape[3]]);
  return reshape(transpose(line, [0, 2, 1, 3]), shape);
}
