import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../errors';
import { elementTypes } from './elementTypes';
import { PickleInput } from './pickleInput';
import { readStateDict, type StorageRef } from './torchPickle';
import type { DescribedTensors } from './torchTensors';
import { ZipArchive } from './zipArchive';

/**
 * The tensors of a checkpoint of PyTorch 1.6 and later: a zip archive with the pickle `data.pkl` and one entry `data/<key>`
 * for every storage. @throws UserError, PickleError
 */
export async function describeZip(handle: FileHandle, file: string, size: number): Promise<DescribedTensors> {
  const archive = await ZipArchive.open(handle, file, size);
  const folder = await checkpointFolder(archive, file);
  const { tensors } = readStateDict(new PickleInput(await archive.read(`${folder}data.pkl`)));
  const entry = ({ key, type, count }: StorageRef): [string, number] => [
    `${folder}data/${key}`,
    count * elementTypes[type].size,
  ];
  return {
    tensors,
    storages: {
      read: (storage) => archive.read(...entry(storage)),
      locate: (storage) => archive.locate(...entry(storage)),
    },
  };
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
