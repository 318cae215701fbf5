import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPth, readSafetensors, readTensors } from '../../../src/kernel/checkpoints';
import * as p from './pickleAssembler';

const fixtures = path.resolve(__dirname, '../../fixtures/parity/tiny');

let folder: string;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'med-sa-pth-'));
});
afterAll(() => fs.rm(folder, { recursive: true }));

let files = 0;
async function write(bytes: Uint8Array): Promise<string> {
  const file = path.join(folder, `${files++}.pth`);
  await fs.writeFile(file, bytes);
  return file;
}

describe('checkpoints of PyTorch itself', () => {
  it('sam.pth and sam.safetensors hold the same weights', async () => {
    const pth = await readTensors(path.join(fixtures, 'sam.pth'));
    const safetensors = await readTensors(path.join(fixtures, 'sam.safetensors'));
    expect(pth.tensors.size).toBeGreaterThan(100);
    expect([...pth.tensors.keys()].sort()).toEqual([...safetensors.tensors.keys()].sort());
    for (const [name, tensor] of safetensors.tensors) {
      const other = pth.tensors.get(name)!;
      expect(other.shape, name).toEqual(tensor.shape);
      expect(Buffer.compare(Buffer.from(other.data.buffer), Buffer.from(tensor.data.buffer)), name).toBe(0);
    }
  });

  it('readSafetensors does not take one for its own', async () => {
    await expect(readSafetensors(path.join(fixtures, 'sam.pth'))).rejects.toMatchObject({ name: 'UserError' });
  });
});

describe('views of storages', () => {
  const floats = Float32Array.from({ length: 12 }, (_, index) => index);
  const shared = p.storage('FloatStorage', '0', 12);
  const read = async (root: p.Pickled, options?: { level: 0 | 9 }): Promise<Map<string, number[]>> => {
    const { tensors } = await readPth(await write(p.checkpoint(root, { 0: floats }, options)));
    return new Map([...tensors].map(([name, { data }]) => [name, [...data]]));
  };

  it('keeps order, offsets, strides and sharing apart', async () => {
    const root = p.dict({
      whole: p.tensor(shared, 0, [3, 4], [4, 1]),
      transposed: p.tensor(shared, 0, [4, 3], [1, 4]),
      'row.2': p.tensor(shared, 8, [4], [1]),
      corner: p.tensor(shared, 5, [2, 2], [4, 1]),
      expanded: p.tensor(shared, 3, [2, 3], [0, 0]),
      scalar: p.tensor(shared, 7, [], []),
      empty: p.tensor(shared, 0, [0, 5], [5, 1]),
    });
    const tensors = await read(root);
    expect([...tensors.keys()]).toEqual(['whole', 'transposed', 'row.2', 'corner', 'expanded', 'scalar', 'empty']);
    expect(tensors.get('whole')).toEqual([...floats]);
    expect(tensors.get('transposed')).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
    expect(tensors.get('row.2')).toEqual([8, 9, 10, 11]);
    expect(tensors.get('corner')).toEqual([5, 6, 9, 10]);
    expect(tensors.get('expanded')).toEqual([3, 3, 3, 3, 3, 3]);
    expect(tensors.get('scalar')).toEqual([7]);
    expect(tensors.get('empty')).toEqual([]);
    expect(await read(root, { level: 9 })).toEqual(tensors);
  });

  it.each<[string, ArrayBufferView<ArrayBuffer>]>([
    ['FloatStorage', Float32Array.of(1, -2)],
    ['DoubleStorage', Float64Array.of(1, -2)],
    ['HalfStorage', Uint16Array.of(0x3c00, 0xc000)],
    ['BFloat16Storage', Uint16Array.of(0x3f80, 0xc000)],
    ['LongStorage', BigInt64Array.of(1n, -2n)],
    ['IntStorage', Int32Array.of(1, -2)],
    ['ByteStorage', Uint8Array.of(1, 254)],
    ['BoolStorage', Uint8Array.of(1, 0)],
  ])('reads a %s', async (type, stored) => {
    const root = p.dict({ t: p.tensor(p.storage(type, '7', 2), 0, [2], [1]) });
    const { tensors } = await readPth(await write(p.checkpoint(root, { 7: stored })));
    const expected = { ByteStorage: [1, 254], BoolStorage: [1, 0] }[type] ?? [1, -2];
    expect([...tensors.get('t')!.data]).toEqual(expected);
  });

  it('unwraps a training checkpoint and its OrderedDict with metadata', async () => {
    const weight = p.call(
      p.global('torch._utils', '_rebuild_parameter'),
      p.tensor(shared, 0, [2], [1]),
      p.no,
      p.emptyOrderedDict,
    );
    const state = p.build(
      [...p.emptyOrderedDict, 0x28, ...p.text('w'), ...weight, 0x75],
      p.dict({ _metadata: p.emptyOrderedDict }),
    );
    const tensors = await read(
      p.dict({
        epoch: p.int(3),
        model: p.text('sam'),
        best: p.tensor(shared, 9, [], []),
        state_dict: state,
        optimizer: p.dict({ groups: p.list(p.int(1), p.none) }),
      }),
    );
    expect(tensors).toEqual(new Map([['w', [0, 1]]]));
  });
});

describe('what is refused', () => {
  const one = p.storage('FloatStorage', '0', 1);
  const value = { 0: Float32Array.of(1) };
  const refuse = async (bytes: Uint8Array, message: RegExp): Promise<void> => {
    const file = await write(bytes);
    await expect(readPth(file)).rejects.toThrow(message);
    await expect(readPth(file)).rejects.toMatchObject({ name: 'UserError', details: { file } });
  };

  it('code: the file is named, and what it wanted', async () => {
    const root = p.dict({ w: p.call(p.global('os', 'system'), p.text('touch /tmp/never')) });
    await refuse(p.checkpoint(root), /refused: it names os\.system/);
  });

  it('names that only look allowed', async () => {
    await refuse(p.checkpoint(p.global('torch', '__proto__')), /names torch\.__proto__/);
    await refuse(p.checkpoint(p.call(p.global('builtins', 'eval'), p.text('1'))), /names builtins\.eval/);
  });

  it.each<[string, p.Pickled, RegExp]>([
    ['a call of what is no function', p.call(p.text('print'), p.text('x')), /calls what is no function/],
    ['a call of a storage type', p.call(p.global('torch', 'FloatStorage')), /calls what is no function/],
    ['state on what is no dict', p.build(p.list(), p.dict({})), /state of something that is no dict/],
    ['an opcode of object construction', [...p.emptyOrderedDict, ...p.tuple(), 0x81], /opcode 0x81/],
    ['a view beyond its storage', p.dict({ w: p.tensor(one, 0, [2], [1]) }), /beyond its storage/],
    ['a negative offset', p.dict({ w: p.tensor(one, -1, [1], [1]) }), /not known/],
    ['a claim on memory', p.dict({ w: p.tensor(one, 0, [1 << 30], [0]) }), /claims 1073741824 values for w/],
    [
      'a storage outside of the archive',
      p.dict({ w: p.tensor(p.storage('FloatStorage', '../0', 1), 0, [], []) }),
      /not known/,
    ],
    [
      'a storage that is missing',
      p.dict({ w: p.tensor(p.storage('FloatStorage', '5', 1), 0, [], []) }),
      /data\/5 is missing/,
    ],
    [
      'a storage of another size',
      p.dict({ w: p.tensor(p.storage('DoubleStorage', '0', 1), 0, [], []) }),
      /holds 4 bytes instead of 8/,
    ],
    ['no tensors', p.dict({ epoch: p.int(1), args: p.dict({}) }), /no state dict, only epoch, args/],
    ['an empty stack', [0x30], /stack runs empty/],
    ['a dict that holds itself', [0x7d, 0x71, 0, ...p.text('model'), 0x68, 0, 0x73], /no state dict, only model/],
    ['a memo entry that is not there', [0x68, 9], /no entry 9/],
  ])('%s', async (_, root, message) => refuse(p.checkpoint(root, value), message));

  it('a pickle cut short', async () => {
    const whole = p.pickle(p.dict({ w: p.tensor(one, 0, [1], [1]) }));
    for (let length = 0; length < whole.length; length++) {
      await refuse(zipSync({ 'm/data.pkl': whole.subarray(0, length) }), /cut short|damaged/);
    }
  });

  it('an archive cut short anywhere', async () => {
    const whole = await fs.readFile(path.join(fixtures, 'sam.pth'));
    for (const length of [4, 100, whole.length >> 1, whole.length - 200, whole.length - 1]) {
      await refuse(whole.subarray(0, length), /damaged or cut short/);
    }
  });

  it('other zip archives, the format before 1.6 without content, other files', async () => {
    await refuse(zipSync({ 'word/document.xml': Buffer.from('x') }), /zip archive, but no PyTorch checkpoint/);
    await refuse(Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex'), /damaged or no state dict \(it is cut short\)/);
    await refuse(Buffer.from('hello'), /not a PyTorch checkpoint/);
    await refuse(new Uint8Array(0), /not a PyTorch checkpoint/);
  });
});
