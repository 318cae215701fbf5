// Random tensors of a given kind, and their comparison.
import { tensorData, type Shape, type TensorData } from '../../src/kernel/graph';
import { sizeOf } from '../../src/kernel/graph/tensorData';
import type { Random } from '../../src/kernel/datasets/random';

/**
 * Where values may lie: anywhere in ±2; at least 0.2 above 0, for what is steep or undefined there; or at least 0.2 on
 * either side of 0, for what has a kink or a pole there.
 */
export type Domain = 'any' | 'positive' | 'awayFromZero';

export function randomTensor(random: Random, shape: Shape, domain: Domain = 'any'): TensorData {
  const draw = (): number => {
    if (domain === 'any') return random.uniform(-2, 2);
    const size = random.uniform(0.2, 2);
    return domain === 'awayFromZero' && random.chance(0.5) ? -size : size;
  };
  return tensorData(shape, Float32Array.from({ length: sizeOf(shape) }, draw));
}

interface Values {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/**
 * Throws where the two differ by more than `tolerance` × the largest expected magnitude (or 1, when all are smaller):
 * in float32 the error of an entry goes with the size of the terms that it was summed from, not with its own.
 */
export function expectClose(actual: Values, expected: Values, tolerance: number, what: string): void {
  if (actual.shape.join() !== expected.shape.join()) {
    throw new Error(`${what}: shape [${actual.shape.join(', ')}], expected [${expected.shape.join(', ')}]`);
  }
  const scale = Array.from(expected.data).reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
  for (let entry = 0; entry < expected.data.length; entry++) {
    const [value, wanted] = [actual.data[entry], expected.data[entry]];
    // Not `>`: a NaN must fail.
    if (!(Math.abs(value - wanted) <= tolerance * scale)) {
      throw new Error(`${what}, entry ${entry} of [${expected.shape.join(', ')}]: ${value}, expected ${wanted}`);
    }
  }
}
