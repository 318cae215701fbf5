import { UserError } from '../errors';
import { openFile } from '../files';
import { sizeOf, type TensorData } from '../graph/tensorData';
import { containerOf, containerStart } from './container';
import { elementTypes } from './elementTypes';
import { readExactly } from './fileRange';
import { FileTensor, LargeFile } from './fileTensor';
import { PickleError } from './pickleInput';
import { readStateDict, RefusedGlobalError, type StorageRef, type TensorRef } from './torchPickle';
import type { TensorFile } from './types';
import { ZipArchive } from './zipArchive';

/**
 * Reads the tensors of a PyTorch checkpoint (`.pth`, `.pt`) without running anything that it holds; every element type
 * becomes float32. The float32 tensors of a large file stay where they are. Entries under `state_dict` or `model` of a training checkpoint are taken for the whole.
 * @throws UserError when the file is missing, damaged, of PyTorch before 1.6, or names code.
 */
export async function readPth(file: string): Promise<TensorFile> {
  const { handle, size, modified } = await openFile(file);
  try {
    const container = containerOf(await readExactly(handle, file, 0, Math.min(containerStart, size)));
    if (container === 'torch before 1.6') {
      throw new UserError(
        `${file} was saved by PyTorch before 1.6: load it in PyTorch and save it again with torch.save`,
        { file },
      );
    }
    if (container !== 'zip')
      throw new UserError(`${file} is not a PyTorch checkpoint: check where it comes from`, { file });
    const archive = await ZipArchive.open(handle, file, size);
    const folder = await checkpointFolder(archive, file);
    const described = parse(file, await archive.read(`${folder}data.pkl`));
    const large = LargeFile.of(file, { size, modified });
    return { tensors: await loadTensors({ archive, folder, file, large }, described), metadata: {} };
  } finally {
    await handle.close();
  }
}

/** The folder inside of the archive that holds `data.pkl` and `data/…`, with its slash. */
async function checkpointFolder(archive: ZipArchive, file: string): Promise<string> {
  const pickle = archive.names.find((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));
  if (pickle === undefined) {
    throw new UserError(`${file} is a zip archive, but no PyTorch checkpoint: check where it comes from`, { file });
  }
  const folder = pickle.slice(0, -'data.pkl'.length);
  const order = `${folder}byteorder`;
  if (archive.names.includes(order) && Buffer.from(await archive.read(order)).toString() !== 'little') {
    throw new UserError(`${file} was saved on a big-endian machine: save it again on another`, { file });
  }
  return folder;
}

function parse(file: string, pickle: Uint8Array): Map<string, TensorRef> {
  try {
    return readStateDict(pickle);
  } catch (cause) {
    if (cause instanceof RefusedGlobalError) {
      throw new UserError(
        `${file} was refused: it names ${cause.global}, and only plain tensors are read; ` +
          'save the state dict on its own with torch.save(model.state_dict(), …)',
        { file, cause },
      );
    }
    if (cause instanceof PickleError) {
      throw new UserError(
        `${file} is damaged or no state dict (${cause.message}): save one with torch.save(model.state_dict(), …)`,
        { file, cause },
      );
    }
    throw cause;
  }
}

interface Checkpoint {
  readonly archive: ZipArchive;
  /** Inside of the archive, with its slash. */
  readonly folder: string;
  readonly file: string;
  /** null: read into memory. */
  readonly large: LargeFile | null;
}

/** Storage by storage, so that one shared by several tensors is read once and none outlives its tensors. */
async function loadTensors(
  { archive, folder, file, large }: Checkpoint,
  described: ReadonlyMap<string, TensorRef>,
): Promise<Map<string, TensorData>> {
  const users = new Map<string, { storage: StorageRef; names: string[] }>();
  for (const [name, { storage }] of described) {
    const id = `${storage.key} ${storage.type} ${storage.count}`;
    const entry = users.get(id);
    if (entry) entry.names.push(name);
    else users.set(id, { storage, names: [name] });
  }
  // Names first: the map keeps the order of the state dict.
  const tensors = new Map<string, TensorData>();
  for (const [name, { shape }] of described) tensors.set(name, { dtype: 'float32', shape, data: new Float32Array(0) });
  for (const { storage, names } of users.values()) {
    const type = elementTypes[storage.type];
    const [entry, size] = [`${folder}data/${storage.key}`, storage.count * type.size];
    const start = large !== null && storage.type === 'F32' ? await archive.locate(entry, size) : null;
    const gathered: string[] = [];
    for (const name of names) {
      const { offset, shape, strides } = described.get(name)!;
      if (large === null || start === null || !isContiguous(shape, strides)) gathered.push(name);
      else tensors.set(name, new FileTensor(large, start + offset * type.size, shape));
    }
    if (gathered.length === 0) continue;
    const values = type.toFloat32(await archive.read(entry, size));
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
