export type { TensorFile } from './types';
export { readPth } from './pth';
export { readSafetensors, writeSafetensors, type WriteOptions } from './safetensors';
export { readTensors } from './readTensors';
