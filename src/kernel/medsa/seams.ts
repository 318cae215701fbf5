import { add, mul, type Tensor } from '../graph';
import { bare, type Seams } from '../sam/seams';
import { within, type Weights } from '../sam/weights';
import { bottleneck, promptAdapter, type AdapterParts } from './adapter';
import { depthGrid, fromDepth, toDepth } from './depth';
import { unobserved, type AttachmentTrace, type ObserveAttachment } from './observation';
import type { AdapterOptions } from './options';

/** Med-SA's adapters at SAM's seams; `weights` serves the names of med-sa.md, section 5. */
export function adapterSeams(
  weights: Weights,
  options: AdapterOptions,
  observe: ObserveAttachment = unobserved,
): Seams {
  const { variant, scale, slices, padding, prompt } = options;
  const addTo = (
    base: Tensor,
    name: string,
    parts: AdapterParts,
    special: Partial<Pick<AttachmentTrace, 'toBase' | 'generated' | 'line'>> = {},
  ): Tensor => {
    observe({ name, base, ...parts, toBase: (x) => x, generated: [], line: null, ...special });
    return add(base, parts.addition);
  };
  const scaled = ({ hidden, addition }: AdapterParts): AdapterParts => ({ hidden, addition: mul(addition, scale) });
  return {
    ...bare,
    encoderBlock: (index) => {
      const block = `image_encoder.blocks.${index}`;
      const own = within(weights, block);
      return {
        ...bare.encoderBlock(index),
        padding,
        // a = space_adapter(attn(n)) [+ depth_adapter(attn over depth)]; paper §3.3
        attention: (n, attend) => {
          const plane = attend.plane(n);
          const parts = bottleneck(plane, within(own, 'space_adapter'), variant);
          const space = addTo(plane, `${block}.space_adapter`, parts);
          if (slices === null) return space;
          const sequences = toDepth(n, slices, depthGrid(slices, variant));
          const attended = attend.line(sequences);
          const { hidden, addition } = bottleneck(attended, within(own, 'depth_adapter'), variant);
          const toBase = (x: Tensor): Tensor =>
            fromDepth(x, [...n.shape.slice(0, 3), x.shape[x.shape.length - 1]], slices);
          return addTo(
            space,
            `${block}.depth_adapter`,
            { hidden, addition: toBase(addition) },
            { toBase, line: { sequences, attended } },
          );
        },
        // x + mlp(n) + s·mlp_adapter(n)
        mlp: (n, mlp) =>
          addTo(mlp(n), `${block}.mlp_adapter`, scaled(bottleneck(n, within(own, 'mlp_adapter'), variant))),
      };
    },
    decoderLayer: (index) => {
      if (variant === 'released') return bare.decoderLayer(index);
      const layer = `mask_decoder.layers.${index}`;
      const own = within(weights, layer);
      return {
        ...bare.decoderLayer(index),
        tokens: (queries, sparse) => {
          if (prompt === 'none') return queries;
          const { generated, ...parts } = promptAdapter(queries, sparse, within(own, 'prompt_adapter'), prompt);
          return addTo(queries, `${layer}.prompt_adapter`, parts, { generated });
        },
        mlp: (queries, mlp) =>
          addTo(mlp(queries), `${layer}.mlp_adapter`, scaled(bottleneck(queries, within(own, 'mlp_adapter'), variant))),
        image: (keys) => addTo(keys, `${layer}.image_adapter`, bottleneck(keys, within(own, 'image_adapter'), variant)),
      };
    },
  };
}
