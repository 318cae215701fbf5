import { UserError } from '../errors';
import { sizeOf, type TensorData } from '../graph/tensorData';
import { elementTypes } from './elementTypes';
import { FileTensor, type LargeFile } from './fileTensor';
import type { StorageRef, TensorRef } from './torchPickle';

/** Where the storages of one checkpoint lie. Both methods throw UserError for one that is missing or of another size. */
export interface StorageSource {
  read(storage: StorageRef): Promise<Uint8Array<ArrayBuffer>>;
  /** Position of its first byte in the file; null for one that is packed. */
  locate(storage: StorageRef): Promise<number | null>;
}

export interface DescribedTensors {
  readonly tensors: ReadonlyMap<string, TensorRef>;
  readonly storages: StorageSource;
}

/**
 * Makes tensors of their descriptions, in order. `large`: float32 tensors without gaps stay in that file.
 * Storage by storage, so that one shared by several tensors is read once and none outlives its tensors.
 */
export async function loadTensors(
  file: string,
  large: LargeFile | null,
  { tensors: described, storages }: DescribedTensors,
): Promise<Map<string, TensorData>> {
  const users = new Map<StorageRef, string[]>();
  for (const [name, { storage }] of described) users.set(storage, [...(users.get(storage) ?? []), name]);
  // Names first: the map keeps the order of the state dict.
  const tensors = new Map<string, TensorData>();
  for (const [name, { shape }] of described) tensors.set(name, { dtype: 'float32', shape, data: new Float32Array(0) });
  for (const [storage, names] of users) {
    const type = elementTypes[storage.type];
    const start = large !== null && storage.type === 'F32' ? await storages.locate(storage) : null;
    const gathered: string[] = [];
    for (const name of names) {
      const { offset, shape, strides } = described.get(name)!;
      if (large === null || start === null || !isContiguous(shape, strides)) gathered.push(name);
      else tensors.set(name, new FileTensor(large, start + offset * type.size, shape));
    }
    if (gathered.length === 0) continue;
    const values = type.toFloat32(await storages.read(storage));
    for (const name of gathered) {
      const tensor = described.get(name)!;
      tensors.set(name, { dtype: 'float32', shape: tensor.shape, data: gather(file, name, values, tensor) });
    }
  }
  return tensors;
}

/** Elements that a view may have beyond those of its storage (an expanded tensor): a file must not claim the memory. */
const mostExpanded = 1 << 24;

/** The view's values in row-major order, in memory of their own. */
function gather(file: string, name: string, values: Float32Array, { offset, shape, strides }: TensorRef): Float32Array {
  const size = sizeOf(shape);
  if (size > values.length + mostExpanded) {
    throw new UserError(`${file} claims ${size} values for ${name} and holds ${values.length}: get it again`, { file });
  }
  if (isContiguous(shape, strides)) return values.slice(offset, offset + size);
  const result = new Float32Array(size);
  const index = shape.map(() => 0);
  let from = offset;
  for (let to = 0; to < size; to++) {
    result[to] = values[from];
    // Counts up like an odometer: the last axis turns fastest.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}
