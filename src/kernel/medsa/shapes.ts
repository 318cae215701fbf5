import type { SamConfig } from '../sam/config';
import type { ShapeTable } from '../sam/shapes';
import type { AdapterOptions } from './options';

/** Name and shape of every adapter tensor (med-sa.md, section 5). */
export function adapterShapes(config: SamConfig, options: AdapterOptions): ShapeTable {
  const shapes = new Map<string, readonly number[]>();
  const linear = (name: string, input: number, output: number): void => {
    shapes.set(`${name}.weight`, [output, input]);
    shapes.set(`${name}.bias`, [output]);
  };
  const bottleneck = (name: string, channels: number, length: number): void => {
    linear(`${name}.down`, channels, length);
    linear(`${name}.up`, length, channels);
  };
  for (let index = 0; index < config.depth; index++) {
    const block = `image_encoder.blocks.${index}`;
    bottleneck(`${block}.space_adapter`, config.embedDim, options.bottleneck);
    bottleneck(`${block}.mlp_adapter`, config.embedDim, options.bottleneck);
    if (options.slices !== null) bottleneck(`${block}.depth_adapter`, config.embedDim, options.bottleneck);
  }
  if (options.variant === 'released') return shapes;
  const { decoderBottleneck: length } = options;
  const channels = config.outChannels;
  for (let index = 0; index < config.decoderDepth; index++) {
    const layer = `mask_decoder.layers.${index}`;
    if (options.prompt === 'hyper') {
      bottleneck(`${layer}.prompt_adapter`, channels, length);
      linear(`${layer}.prompt_adapter.reduce`, channels, length);
      for (let step = 0; step < 3; step++) {
        linear(`${layer}.prompt_adapter.project.${step}`, length, length * length);
        shapes.set(`${layer}.prompt_adapter.norm.${step}.weight`, [length]);
        shapes.set(`${layer}.prompt_adapter.norm.${step}.bias`, [length]);
      }
    }
    bottleneck(`${layer}.mlp_adapter`, channels, length);
    bottleneck(`${layer}.image_adapter`, channels, length);
  }
  return shapes;
}
