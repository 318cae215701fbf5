export type { TensorFile } from './types';
export { readSafetensors, writeSafetensors, type WriteOptions } from './safetensors';
