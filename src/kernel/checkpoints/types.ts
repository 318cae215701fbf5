import type { TensorData } from '../graph/tensorData';

/** Named tensors as a file holds them, in the file's order, with the file's own notes. */
export interface TensorFile {
  readonly tensors: Map<string, TensorData>;
  readonly metadata: Record<string, string>;
}
