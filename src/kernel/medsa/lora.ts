import { add, matMul, matrixTranspose, mul, tensorData, type TensorData } from '../graph';
import type { SamConfig } from '../sam/config';
import { bare, type ProjectionSeam, type Seams } from '../sam/seams';
import { samShapes, type ShapeTable } from '../sam/shapes';
import { within, type Weights } from '../sam/weights';
import { unobserved, type ObserveAttachment } from './observation';
import type { LoraOptions } from './options';

/** The linear layers of SAM's attentions: the encoder's `qkv` and `proj`, the decoder's four of each attention. */
const projections = { encoder: /\.attn\.(qkv|proj)$/, decoder: /_attn.*\.(q|k|v|out)_proj$/ };

/** Names a layer's two matrices: A [rank, in] and B [out, rank]. */
const matrices = (layer: string): readonly [string, string] => [`${layer}.lora_a`, `${layer}.lora_b`];

/** Name and shape of every matrix, named after the layer that it stands beside. */
export function loraShapes(config: SamConfig, { rank, decoder }: LoraOptions): ShapeTable {
  const shapes = new Map<string, readonly number[]>();
  for (const [name, [output, input]] of samShapes(config)) {
    const layer = name.replace(/\.weight$/, '');
    if (!projections.encoder.test(layer) && !(decoder && projections.decoder.test(layer))) continue;
    const [a, b] = matrices(layer);
    shapes.set(a, [rank, input]);
    shapes.set(b, [output, rank]);
  }
  return shapes;
}

/**
 * The base with what LoRA learnt merged into its layers, W + (α/r)·B·A: a SAM of the same cost, and before the first
 * step the same to the last bit. `learnt` has the names of `loraShapes`.
 */
export function mergeLora(
  base: ReadonlyMap<string, TensorData>,
  learnt: ReadonlyMap<string, TensorData>,
  { rank, alpha }: LoraOptions,
): Map<string, TensorData> {
  const merged = new Map(base);
  for (const [name, weight] of base) {
    const [a, b] = matrices(name.replace(/\.weight$/, '')).map((matrix) => learnt.get(matrix)?.data);
    if (!name.endsWith('.weight') || a === undefined || b === undefined) continue;
    const [output, input] = weight.shape;
    const values = Float32Array.from(weight.data);
    for (let row = 0; row < output; row++) {
      for (let step = 0; step < rank; step++) {
        const factor = (b[row * rank + step] * alpha) / rank;
        for (let column = 0; column < input; column++)
          values[row * input + column] += factor * a[step * input + column];
      }
    }
    merged.set(name, tensorData(weight.shape, values));
  }
  return merged;
}

/**
 * LoRA at SAM's seams, where it trains: layer(x) + (α/r)·B(A(x)). `weights` serves the names of `loraShapes`.
 * Before the first step it adds zeros, and every operator gives SAM's own bits. In the decoder ONNX Runtime fuses the sum
 * before the first norm into a kernel that rounds differently (about 1e-6): compared to the last bit, it is `mergeLora`.
 */
export function loraSeams(
  weights: Weights,
  { rank, alpha, decoder }: LoraOptions,
  observe: ObserveAttachment = unobserved,
): Seams {
  const beside =
    (prefix: string): ProjectionSeam =>
    (name, x, own) => {
      const [a, b] = matrices(name).map(within(weights, prefix));
      const hidden = matMul(x, matrixTranspose(a));
      const addition = mul(matMul(hidden, matrixTranspose(b)), alpha / rank);
      const base = own(x);
      observe({ name: `${prefix}.${name}`, base, addition, hidden, toBase: (y) => y, generated: [], line: null });
      return add(base, addition);
    };
  const transformer = 'mask_decoder.transformer';
  return {
    encoderBlock: (index) => ({
      ...bare.encoderBlock(index),
      projection: beside(`image_encoder.blocks.${index}`),
    }),
    decoderLayer: (index) =>
      decoder
        ? { ...bare.decoderLayer(index), projection: beside(`${transformer}.layers.${index}`) }
        : bare.decoderLayer(index),
    finalProjection: decoder ? beside(transformer) : bare.finalProjection,
  };
}
