import { UserError } from '../errors';
import { openFile } from '../files';
import { containerOf, containerStart } from './container';
import { readExactly } from './fileRange';
import { LargeFile } from './fileTensor';
import { PickleError } from './pickleInput';
import { describeLegacy } from './torchLegacy';
import { RefusedGlobalError } from './torchPickle';
import { loadTensors } from './torchTensors';
import { describeZip } from './torchZip';
import type { TensorFile } from './types';

/**
 * Reads the tensors of a PyTorch checkpoint (`.pth`, `.pt`, `.bin`) without running anything that it holds; every element
 * type becomes float32. The float32 tensors of a large file stay where they are. Entries under `state_dict` or `model` of
 * a training checkpoint are taken for the whole.
 * @throws UserError when the file is missing, damaged, or names code.
 */
export async function readPth(file: string): Promise<TensorFile> {
  const { handle, size, modified } = await openFile(file);
  try {
    const container = containerOf(await readExactly(handle, file, 0, Math.min(containerStart, size)));
    if (container === null) {
      throw new UserError(`${file} is not a PyTorch checkpoint: check where it comes from`, { file });
    }
    const describe = container === 'zip' ? describeZip : describeLegacy;
    const described = await describe(handle, file, size).catch((cause: unknown) => {
      throw pickleProblem(file, cause);
    });
    const large = LargeFile.of(file, { size, modified });
    return { tensors: await loadTensors(file, large, described), metadata: {} };
  } finally {
    await handle.close();
  }
}

function pickleProblem(file: string, cause: unknown): unknown {
  if (cause instanceof RefusedGlobalError) {
    return new UserError(
      `${file} was refused: it names ${cause.global}, and only plain tensors are read; ` +
        'save the state dict on its own with torch.save(model.state_dict(), …)',
      { file, cause },
    );
  }
  if (cause instanceof PickleError) {
    return new UserError(
      `${file} is damaged or no state dict (${cause.message}): save one with torch.save(model.state_dict(), …)`,
      { file, cause },
    );
  }
  return cause;
}
