import type * as tfjs from '@tensorflow/tfjs';
import type { Tfjs } from '../../graph/tfjs/lowering';
import type { TensorData } from '../../graph/tensorData';

interface SharedWeight {
  readonly value: tfjs.Tensor;
  readonly users: Set<number>;
}

/**
 * The weights of all programs of an executor in the library's memory: each is brought there once, however many programs
 * compute with it, and leaves with the last of them.
 */
export class TfjsWeights {
  /** By the place in a file, or by the very array: the forms in which programs share weights. */
  readonly #weights = new Map<string | Float32Array, SharedWeight>();

  constructor(private readonly tf: Tfjs) {}

  /** The weight for one program, as a view of its own shape that the caller frees. */
  use(program: number, weight: TensorData): tfjs.Tensor {
    const { source, shape } = weight;
    const key = source ? `${source.file}:${source.offset}:${shape.join()}` : weight.data;
    const known = this.#weights.get(key) ?? { value: this.tf.tensor1d(weight.data, 'float32'), users: new Set() };
    this.#weights.set(key, known);
    known.users.add(program);
    return this.tf.reshape(known.value, [...shape]);
  }

  /** A program is gone, and with it the weights that no other one uses. */
  release(program: number): void {
    for (const [key, { value, users }] of this.#weights) {
      users.delete(program);
      if (users.size > 0) continue;
      value.dispose();
      this.#weights.delete(key);
    }
  }
}
