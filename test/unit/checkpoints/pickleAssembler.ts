import { zipSync, type ZipOptions } from 'fflate';

/** A pickled value, as the opcodes that put it on the stack. */
export type Pickled = readonly number[];

const ascii = (text: string): number[] => [...Buffer.from(text, 'utf8')];
const uint32 = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];

export const text = (value: string): Pickled => [0x58, ...uint32(Buffer.byteLength(value)), ...ascii(value)];
export const int = (value: number): Pickled => [0x4a, ...uint32(value)];
export const none: Pickled = [0x4e];
export const no: Pickled = [0x89];
export const tuple = (...items: Pickled[]): Pickled => [0x28, ...items.flat(), 0x74];
export const list = (...items: Pickled[]): Pickled => [0x5d, 0x28, ...items.flat(), 0x65];
export const dict = (items: Record<string, Pickled>): Pickled => [
  ...[0x7d, 0x28],
  ...Object.entries(items).flatMap(([key, value]) => [...text(key), ...value]),
  0x75,
];
export const global = (module: string, name: string): Pickled => [0x63, ...ascii(`${module}\n${name}\n`)];
export const call = (callable: Pickled, ...args: Pickled[]): Pickled => [...callable, ...tuple(...args), 0x52];
export const build = (object: Pickled, state: Pickled): Pickled => [...object, ...state, 0x62];
export const emptyOrderedDict = call(global('collections', 'OrderedDict'));

export const storage = (type: string, key: string, count: number): Pickled => [
  ...tuple(text('storage'), global('torch', type), text(key), text('cpu'), int(count)),
  0x51,
];

export const tensor = (from: Pickled, offset: number, shape: number[], strides: number[]): Pickled =>
  call(
    global('torch._utils', '_rebuild_tensor_v2'),
    from,
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    no,
    emptyOrderedDict,
  );

export const pickle = (root: Pickled): Uint8Array => Uint8Array.from([0x80, 2, ...root, 0x2e]);

/** A checkpoint as torch.save lays it out: the pickle and one entry per storage. */
export function checkpoint(
  root: Pickled,
  storages: Record<string, ArrayBufferView<ArrayBuffer>> = {},
  options: ZipOptions = { level: 0 },
): Uint8Array {
  const data = Object.entries(storages).map(([key, values]) => [`model/data/${key}`, new Uint8Array(values.buffer)]);
  return zipSync(
    { 'model/data.pkl': pickle(root), 'model/byteorder': Buffer.from('little'), ...Object.fromEntries(data) },
    options,
  );
}
