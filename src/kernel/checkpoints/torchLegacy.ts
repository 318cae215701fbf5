import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../errors';
import { elementTypes } from './elementTypes';
import { readExactly } from './fileRange';
import { unpickle, type PickleHost } from './pickle';
import { PickleError, PickleInput } from './pickleInput';
import { readStateDict, RefusedGlobalError, type StorageRef } from './torchPickle';
import type { DescribedTensors } from './torchTensors';

/** A state dict's description takes about 200 bytes a tensor; that of no checkpoint comes near this. */
const longestDescription = 32 * 2 ** 20;

const protocolVersion = 1001;
const countBytes = 8;

/** Plain values only: neither names nor storages. */
const plain: PickleHost = {
  global(module, name) {
    throw new RefusedGlobalError(`${module}.${name}`);
  },
  persistent() {
    throw new PickleError('its head refers to a storage');
  },
};

/**
 * The tensors of a checkpoint of PyTorch before 1.6 (or of `_use_new_zipfile_serialization=False`): five pickles, namely a
 * magic number, the protocol, the system's sizes, the state dict and the keys of its storages; then the storages in that
 * order, each behind its number of elements. (torch/serialization.py, _legacy_save.) @throws UserError, PickleError
 */
export async function describeLegacy(handle: FileHandle, file: string, size: number): Promise<DescribedTensors> {
  const input = new PickleInput(await readExactly(handle, file, 0, Math.min(size, longestDescription)));
  unpickle(input, plain);
  if (unpickle(input, plain) !== protocolVersion) throw new PickleError('it is of an unknown protocol');
  const system = unpickle(input, plain);
  if (!(system instanceof Map) || system.get('little_endian') !== true) {
    throw new UserError(`${file} was saved on a big-endian machine: save it again on another`, { file });
  }
  const { tensors, storages } = readStateDict(input);
  const keys = unpickle(input, plain);
  if (!Array.isArray(keys)) throw new PickleError('it does not list its storages');

  const starts = new Map<StorageRef, number>();
  let at = input.position;
  for (const key of keys as unknown[]) {
    const storage = storages.get(String(key));
    if (storage === undefined) throw new PickleError(`it holds a storage ${String(key)} of no tensor`);
    const count = Buffer.from(await readExactly(handle, file, at, countBytes)).readBigInt64LE();
    if (count !== BigInt(storage.count)) {
      throw new UserError(
        `${file} is damaged (the storage ${storage.key} holds ${count} values instead of ${storage.count}): get it again`,
        { file },
      );
    }
    starts.set(storage, at + countBytes);
    at += countBytes + storage.count * elementTypes[storage.type].size;
    if (at > size) throw new UserError(`${file} is cut short: get it again`, { file });
  }
  const place = (storage: StorageRef): number => {
    const start = starts.get(storage);
    if (start !== undefined) return start;
    throw new UserError(`${file} is damaged (the storage ${storage.key} is missing): get it again`, { file });
  };
  return {
    tensors,
    storages: {
      read: (storage) => readExactly(handle, file, place(storage), storage.count * elementTypes[storage.type].size),
      locate: (storage) => Promise.resolve(place(storage)),
    },
  };
}
