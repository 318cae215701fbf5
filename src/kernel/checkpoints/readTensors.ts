import { openFile } from '../files';
import { containerOf, containerStart } from './container';
import { readExactly } from './fileRange';
import { readPth } from './pth';
import { readSafetensors } from './safetensors';
import type { TensorFile } from './types';

/**
 * Reads named tensors from a safetensors file or a PyTorch checkpoint; the content tells which, not the name.
 * @throws UserError naming the file when it is missing, damaged, or neither.
 */
export async function readTensors(file: string): Promise<TensorFile> {
  const { handle, size } = await openFile(file);
  let start: Uint8Array;
  try {
    start = await readExactly(handle, file, 0, Math.min(containerStart, size));
  } finally {
    await handle.close();
  }
  return containerOf(start) === null ? readSafetensors(file) : readPth(file);
}
