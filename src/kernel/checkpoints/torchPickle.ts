import type { ElementTypeName } from './elementTypes';
import { unpickle } from './pickle';
import { PickleError, type PickleInput } from './pickleInput';

/** One storage of a checkpoint: a flat run of `count` elements. */
export interface StorageRef {
  readonly key: string;
  readonly type: ElementTypeName;
  readonly count: number;
}

/** A tensor as a view of a storage; offset and strides count elements. */
export interface TensorRef {
  readonly storage: StorageRef;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** A view read from a pickle; a class, so that nothing else in the pickle can be taken for one. */
class TensorView implements TensorRef {
  constructor(
    readonly storage: StorageRef,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

class Storage implements StorageRef {
  constructor(
    readonly key: string,
    readonly type: ElementTypeName,
    readonly count: number,
  ) {}
}

/** What a tensor is made from: `count` elements of a storage, from `offset` on. */
class StoragePart {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly count: number,
  ) {}
}

class StorageType {
  constructor(readonly type: ElementTypeName) {}
}

/** Everything that a checkpoint may name. */
const globals = new Map<string, unknown>([
  ['collections.OrderedDict', orderedDict],
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_parameter', rebuildParameter],
  ['torch.FloatStorage', new StorageType('F32')],
  ['torch.HalfStorage', new StorageType('F16')],
  ['torch.BFloat16Storage', new StorageType('BF16')],
  ['torch.DoubleStorage', new StorageType('F64')],
  ['torch.LongStorage', new StorageType('I64')],
  ['torch.IntStorage', new StorageType('I32')],
  ['torch.ByteStorage', new StorageType('U8')],
  ['torch.BoolStorage', new StorageType('BOOL')],
]);

/** A name outside of the list: the file wants code to run that a state dict does not need. */
export class RefusedGlobalError extends PickleError {
  override name = 'RefusedGlobalError';
  constructor(readonly global: string) {
    super(`it names ${global}`);
  }
}

export interface StateDict {
  /** By name, in order. */
  readonly tensors: Map<string, TensorRef>;
  /** Every storage that the pickle names, those of the optimiser too, by key. */
  readonly storages: ReadonlyMap<string, StorageRef>;
}

/**
 * The state dict of a pickle that torch.save wrote. A training checkpoint is unwrapped.
 * @throws PickleError, RefusedGlobalError
 */
export function readStateDict(input: PickleInput): StateDict {
  const storages = new Map<string, Storage>();
  const root = unpickle(input, {
    global(module, name) {
      const known = globals.get(`${module}.${name}`);
      if (known === undefined) throw new RefusedGlobalError(`${module}.${name}`);
      return known;
    },
    persistent(id) {
      const part = storagePart(id);
      const known = storages.get(part.storage.key) ?? part.storage;
      if (known.type !== part.storage.type || known.count !== part.storage.count) {
        throw new PickleError(`it describes the storage ${known.key} in two ways`);
      }
      storages.set(known.key, known);
      return new StoragePart(known, part.offset, part.count);
    },
  });
  const tensors = tensorsOf(root);
  if (tensors === null) {
    const keys = root instanceof Map ? [...root.keys()].slice(0, 5).map(String).join(', ') : typeof root;
    throw new PickleError(`it holds no state dict, only ${keys || 'an empty dict'}`);
  }
  return { tensors, storages };
}

/** Under these keys training scripts put the state dict, beside the optimiser's state and the epoch. */
const wrappers = ['state_dict', 'model_state_dict', 'model'];

/** Dicts inside of dicts that are looked into: a pickle may hold a dict that holds itself. */
const deepest = 4;

function tensorsOf(value: unknown, depth = 0): Map<string, TensorRef> | null {
  if (!(value instanceof Map) || depth > deepest) return null;
  for (const key of wrappers) {
    const inner = tensorsOf(value.get(key), depth + 1);
    if (inner !== null) return inner;
  }
  const tensors = new Map<string, TensorRef>();
  for (const [name, tensor] of value) {
    if (typeof name === 'string' && tensor instanceof TensorView) tensors.set(name, tensor);
  }
  return tensors.size > 0 ? tensors : null;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/**
 * ('storage', type, key, location, count) and, before PyTorch 1.6, null or (key, offset, count) of a part: see
 * torch/serialization.py, persistent_id.
 */
function storagePart(id: unknown): StoragePart {
  if (Array.isArray(id) && id[0] === 'storage') {
    const [, type, key, , count, part = null] = id as unknown[];
    if (type instanceof StorageType && typeof key === 'string' && /^\w+$/.test(key) && isCount(count)) {
      const storage = new Storage(key, type.type, count);
      if (part === null) return new StoragePart(storage, 0, count);
      const [, offset, length] = Array.isArray(part) ? (part as unknown[]) : [];
      if (isCount(offset) && isCount(length) && offset + length <= count) {
        return new StoragePart(storage, offset, length);
      }
    }
  }
  throw new PickleError('it refers to a storage in a way that is not known');
}

/** `_rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, backward_hooks)`; the first one ends before. */
function rebuildTensor(from: unknown, offset: unknown, shape: unknown, strides: unknown): TensorView {
  const counts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount);
  if (!(from instanceof StoragePart) || !isCount(offset) || !counts(shape) || !counts(strides)) {
    throw new PickleError('a tensor is described in a way that is not known');
  }
  if (shape.length !== strides.length) throw new PickleError('a tensor has another number of strides than of extents');
  const empty = shape.includes(0);
  const last = shape.reduce((index, extent, axis) => index + (extent - 1) * strides[axis], offset);
  if (!empty && last >= from.count) throw new PickleError('a tensor reaches beyond its storage');
  return new TensorView(from.storage, from.offset + offset, [...shape], [...strides]);
}

/** `_rebuild_parameter(data, requires_grad, backward_hooks)` */
function rebuildParameter(data: unknown): TensorView {
  if (!(data instanceof TensorView)) throw new PickleError('a parameter is no tensor');
  return data;
}

/** `OrderedDict()` or `OrderedDict([[key, value], …])` */
function orderedDict(items: unknown = []): Map<unknown, unknown> {
  if (!Array.isArray(items) || !items.every((item) => Array.isArray(item) && item.length === 2)) {
    throw new PickleError('an OrderedDict is made in a way that is not known');
  }
  return new Map(items as [unknown, unknown][]);
}
