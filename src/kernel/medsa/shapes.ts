import type { SamConfig } from '../sam/config';
import type { ShapeTable } from '../sam/shapes';
import { hyperLayers } from './adapter';
import type { AdapterOptions } from './options';

type Define = (name: string, ...shape: number[]) => void;

function linear(define: Define, name: string, input: number, output: number): void {
  define(`${name}.weight`, output, input);
  define(`${name}.bias`, output);
}

function bottleneck(define: Define, name: string, channels: number, length: number): void {
  linear(define, `${name}.down`, channels, length);
  linear(define, `${name}.up`, length, channels);
}

/** Name and shape of every adapter tensor (med-sa.md, section 5). */
export function adapterShapes(config: SamConfig, options: AdapterOptions): ShapeTable {
  const shapes = new Map<string, readonly number[]>();
  const define: Define = (name, ...shape) => void shapes.set(name, shape);
  for (let index = 0; index < config.depth; index++) {
    const block = `image_encoder.blocks.${index}`;
    const kinds = ['space_adapter', 'mlp_adapter', ...(options.slices === null ? [] : ['depth_adapter'])];
    for (const kind of kinds) bottleneck(define, `${block}.${kind}`, config.embedDim, options.bottleneck);
  }
  if (options.variant === 'released') return shapes;
  for (let index = 0; index < config.decoderDepth; index++) {
    const layer = `mask_decoder.layers.${index}`;
    promptAdapter(define, `${layer}.prompt_adapter`, config.outChannels, options);
    for (const kind of ['mlp_adapter', 'image_adapter']) {
      bottleneck(define, `${layer}.${kind}`, config.outChannels, options.decoderBottleneck);
    }
  }
  return shapes;
}

function promptAdapter(define: Define, name: string, channels: number, options: AdapterOptions): void {
  const { prompt, decoderBottleneck: length } = options;
  if (prompt === 'none') return;
  bottleneck(define, name, channels, length);
  linear(define, `${name}.reduce`, channels, length);
  if (prompt === 'concat') linear(define, `${name}.mix`, 2 * length, length);
  if (prompt !== 'hyper') return;
  for (let layer = 0; layer < hyperLayers; layer++) {
    linear(define, `${name}.project.${layer}`, length, length * length);
    define(`${name}.norm.${layer}.weight`, length);
    define(`${name}.norm.${layer}.bias`, length);
  }
}
