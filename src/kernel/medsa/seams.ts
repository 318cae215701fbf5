import { add, mul } from '../graph';
import { bare, type Seams } from '../sam/seams';
import { within, type Weights } from '../sam/weights';
import { adapter, bottleneck, promptAdapter } from './adapter';
import { depthGrid, fromDepth, toDepth } from './depth';
import type { AdapterOptions } from './options';

/** Med-SA's adapters at SAM's seams; `weights` serves the names of med-sa.md, section 5. */
export function adapterSeams(weights: Weights, options: AdapterOptions): Seams {
  const { variant, scale, slices, padding, prompt } = options;
  return {
    ...bare,
    encoderBlock: (index) => {
      const block = within(weights, `image_encoder.blocks.${index}`);
      return {
        ...bare.encoderBlock(index),
        padding,
        // a = space_adapter(attn(n)) [+ depth_adapter(attn over depth)]; paper §3.3
        attention: (n, own) => {
          const space = adapter(own.plane(n), within(block, 'space_adapter'), variant);
          if (slices === null) return space;
          const sequences = toDepth(n, slices, depthGrid(slices, variant));
          const depth = bottleneck(own.line(sequences), within(block, 'depth_adapter'), variant);
          return add(space, fromDepth(depth, n.shape, slices));
        },
        // x + mlp(n) + s·mlp_adapter(n)
        mlp: (n, mlp) => add(mlp(n), mul(bottleneck(n, within(block, 'mlp_adapter'), variant), scale)),
      };
    },
    decoderLayer: (index) => {
      if (variant === 'released') return bare.decoderLayer(index);
      const layer = within(weights, `mask_decoder.layers.${index}`);
      return {
        ...bare.decoderLayer(index),
        tokens: (queries, sparse) => promptAdapter(queries, sparse, within(layer, 'prompt_adapter'), prompt),
        mlp: (queries, mlp) =>
          add(mlp(queries), mul(bottleneck(queries, within(layer, 'mlp_adapter'), variant), scale)),
        image: (keys) => adapter(keys, within(layer, 'image_adapter'), variant),
      };
    },
  };
}
