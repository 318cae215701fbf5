import { concat, input, reshape, sizeOf, slice, type Tensor, type TensorData } from '../graph';
import type { ShapeTable } from '../sam/shapes';

/** Trainable tensors side by side in one flat vector, so that optimiser and checkpoints know one array, not hundreds. */
export class ParameterLayout {
  readonly size: number;
  private readonly places = new Map<string, { readonly offset: number; readonly shape: readonly number[] }>();

  constructor(shapes: ShapeTable) {
    let offset = 0;
    for (const [name, shape] of shapes) {
      this.places.set(name, { offset, shape });
      offset += sizeOf(shape);
    }
    this.size = offset;
  }

  get names(): string[] {
    return [...this.places.keys()];
  }

  /** Named tensors → flat vector [P]. @throws RangeError when a tensor is missing or of another shape. */
  pack(tensors: ReadonlyMap<string, TensorData>): Float32Array {
    const flat = new Float32Array(this.size);
    for (const [name, { offset, shape }] of this.places) {
      const tensor = tensors.get(name);
      if (tensor === undefined || tensor.data.length !== sizeOf(shape)) {
        throw new RangeError(`parameter ${name} of shape [${shape.join(', ')}] is missing or of another size`);
      }
      flat.set(tensor.data, offset);
    }
    return flat;
  }

  /** Flat vector [P] → named tensors, copied. */
  unpack(flat: Float32Array): Map<string, TensorData> {
    return new Map(
      [...this.places].map(([name, { offset, shape }]) => [
        name,
        { dtype: 'float32', shape, data: flat.slice(offset, offset + sizeOf(shape)) },
      ]),
    );
  }

  /** The vector as a graph input, cut into its tensors. */
  read(inputName: string): { readonly flat: Tensor; readonly tensors: ReadonlyMap<string, Tensor> } {
    const flat = input(inputName, [this.size]);
    const tensors = new Map<string, Tensor>();
    for (const [name, { offset, shape }] of this.places) {
      tensors.set(name, reshape(slice(flat, 0, offset, offset + sizeOf(shape)), shape));
    }
    return { flat, tensors };
  }

  /** Gradients in the order of `names` → one vector [P]. */
  static flatten(gradients: readonly Tensor[]): Tensor {
    return concat(
      gradients.map((gradient) => reshape(gradient, [sizeOf(gradient.shape)])),
      0,
    );
  }
}
