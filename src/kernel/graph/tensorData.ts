/** A concrete tensor: row-major float32 values with their shape. The one form in which tensors travel between floors. */
export interface TensorData {
  readonly dtype: 'float32';
  readonly shape: readonly number[];
  /** May be read from a file when asked for: whoever needs it more than once keeps it, and nobody writes into it. */
  readonly data: Float32Array;
  /** Where the same values lie in a file, if they do: a runtime then maps them and `data` need not be read. */
  readonly source?: TensorSource;
}

/** Little-endian float32 values of a tensor in a file: row-major, without gaps, at a multiple of four bytes. */
export interface TensorSource {
  /** Absolute path. */
  readonly file: string;
  /** Bytes. */
  readonly offset: number;
}

/** The same values under another shape of the same size; nothing is read or copied. */
export const withShape = (value: TensorData, shape: readonly number[]): TensorData => ({
  dtype: 'float32',
  shape,
  get data() {
    return value.data;
  },
  source: value.source,
});

export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);

/** Wraps values as a tensor. @throws RangeError when the number of values is not the product of the shape. */
export function tensorData(shape: readonly number[], data: Float32Array | readonly number[]): TensorData {
  const values = data instanceof Float32Array ? data : Float32Array.from(data);
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(`a tensor of shape [${shape.join(', ')}] holds ${sizeOf(shape)} values, not ${values.length}`);
  }
  return { dtype: 'float32', shape: [...shape], data: values };
}
