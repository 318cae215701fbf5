import { sizeOf, tensorData, type TensorData } from '../graph';
import { gridOf, type SamConfig } from '../sam/config';
import { interpolation } from '../sam/layers';
import { samShapes } from '../sam/shapes';

/**
 * A model's tensors at another patch size and another choice of global blocks, to be trained on: what it has learned of
 * tissue and prompts stays. Patch kernels are summed over the pixels that become one (on a picture of half the size the
 * smaller kernel then answers the same), tables of positions are resampled linearly, all else is taken as it is.
 * @throws Error when the two differ in anything else.
 */
export function resampleModel(
  tensors: ReadonlyMap<string, TensorData>,
  from: SamConfig,
  to: SamConfig,
): Map<string, TensorData> {
  const resampled = new Map<string, TensorData>();
  for (const [name, shape] of samShapes(to)) {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`the model to start from lacks ${name}`);
    resampled.set(name, sameShape(tensor.shape, shape) ? tensor : resample(name, tensor, shape, from, to));
  }
  return resampled;
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean => a.join() === b.join();

function resample(
  name: string,
  tensor: TensorData,
  shape: readonly number[],
  from: SamConfig,
  to: SamConfig,
): TensorData {
  if (name.endsWith('patch_embed.proj.weight') && from.patchSize % to.patchSize === 0) {
    return sumTiles(tensor, from.patchSize / to.patchSize);
  }
  if (name.endsWith('pos_embed')) {
    const [rows, across] = [gridOf(from), gridOf(to)];
    const [, , , channels] = shape;
    const downward = resampleAxis(tensor.data, [1, rows, rows * channels], across);
    return tensorData(shape, resampleAxis(downward, [across, rows, channels], across));
  }
  if (/rel_pos_[hw]$/.test(name)) {
    return tensorData(shape, resampleAxis(tensor.data, [1, tensor.shape[0], shape[1]], shape[0]));
  }
  throw new Error(`${name} is [${tensor.shape.join(', ')}], which cannot become [${shape.join(', ')}]`);
}

/** Sums over n×n tiles of the last two axes. */
function sumTiles({ shape, data }: TensorData, n: number): TensorData {
  const side = shape[3];
  const small = side / n;
  const out = new Float32Array(sizeOf(shape) / (n * n));
  for (let index = 0; index < data.length; index++) {
    const [x, y] = [index % side, Math.floor(index / side) % side];
    const kernel = Math.floor(index / (side * side));
    out[(kernel * small + Math.floor(y / n)) * small + Math.floor(x / n)] += data[index];
  }
  return tensorData([shape[0], shape[1], small, small], out);
}

/** Linear resampling of the middle axis of [outer, length, inner] to `size`, cell centres kept apart evenly. */
function resampleAxis(
  data: Float32Array,
  [outer, length, inner]: readonly [number, number, number],
  size: number,
): Float32Array {
  const matrix = interpolation(length, size);
  const out = new Float32Array(outer * size * inner);
  for (let o = 0; o < outer; o++) {
    for (let row = 0; row < size; row++) {
      for (let source = 0; source < length; source++) {
        const weight = matrix[row * length + source];
        if (weight === 0) continue;
        for (let i = 0; i < inner; i++)
          out[(o * size + row) * inner + i] += weight * data[(o * length + source) * inner + i];
      }
    }
  }
  return out;
}
