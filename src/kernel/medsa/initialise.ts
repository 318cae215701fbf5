import { sizeOf, tensorData, type TensorData } from '../graph';
import type { ShapeTable } from '../sam/shapes';

/** A source of standard normal numbers. */
export interface NormalSource {
  normal(): number;
}

const isNorm = (name: string): boolean =>
  /(^|\.)(norm\w*(\.\d+)?|neck\.[13]|mask_downscaling\.[14]|output_upscaling\.1)\.weight$/.test(name);

function fill(size: number, next: () => number): Float32Array {
  const values = new Float32Array(size);
  for (let index = 0; index < size; index++) values[index] = next();
  return values;
}

/**
 * Adapters, or LoRA's matrices, before the first step: `down` (A) and the projections small and random, `up` (B) zero,
 * so that the adapted model is SAM itself (med-sa.md, section 2, D).
 */
export function initialAdapters(shapes: ShapeTable, random: NormalSource): Map<string, TensorData> {
  return initialise(shapes, (name, shape) => {
    if (/\.up\.weight$|\.lora_b$/.test(name)) return 0;
    // A projected weight must keep the scale of what passes: its entries add up over the bottleneck's length.
    const deviation = /\.project\.\d\.weight$/.test(name) ? 1 / shape[1] : 1 / Math.sqrt(shape[1]);
    return random.normal() * deviation;
  });
}

/** A SAM from nothing: linear and convolution weights scaled by their fan-in, the encoder's blocks at 0.02 as in ViT. */
export function initialSam(shapes: ShapeTable, random: NormalSource): Map<string, TensorData> {
  return initialise(shapes, (name, shape) => {
    if (/rel_pos_[hw]$/.test(name)) return 0;
    if (/gaussian_matrix$/.test(name)) return random.normal();
    if (/(embed|embeddings\.\d|tokens?)\.weight$/.test(name)) return random.normal() * 0.5;
    if (/pos_embed$|image_encoder\.blocks/.test(name)) return random.normal() * 0.02;
    const fanIn = /output_upscaling/.test(name) ? shape[0] : sizeOf(shape.slice(1));
    return random.normal() / Math.sqrt(fanIn);
  });
}

function initialise(
  shapes: ShapeTable,
  weight: (name: string, shape: readonly number[]) => number,
): Map<string, TensorData> {
  const tensors = new Map<string, TensorData>();
  for (const [name, shape] of shapes) {
    const next = isNorm(name) ? () => 1 : name.endsWith('.bias') ? () => 0 : () => weight(name, shape);
    tensors.set(name, tensorData(shape, fill(sizeOf(shape), next)));
  }
  return tensors;
}
