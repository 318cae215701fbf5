import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTensors } from '../../../src/kernel/checkpoints';
import { projectRoot } from '../../support/projectRoot';
import { temporaryFolder } from '../../support/temporaryFolder';
import * as p from './pickleAssembler';

// test/fixtures/checkpoints/make.py wrote these with PyTorch itself.
const fixtures = path.join(projectRoot, 'test', 'fixtures', 'checkpoints');
const folder = temporaryFolder('pytorch');

let files = 0;
function write(bytes: Uint8Array): string {
  const file = path.join(folder, `${files++}.pth`);
  fs.writeFileSync(file, bytes);
  return file;
}

const valuesOf = async (file: string): Promise<Record<string, { shape: readonly number[]; values: number[] }>> => {
  const { tensors } = await readTensors(file);
  return Object.fromEntries([...tensors].map(([name, { shape, data }]) => [name, { shape, values: [...data] }]));
};

describe.each(['', '-legacy'])('a checkpoint that torch.save wrote (%s)', (kind) => {
  it('holds every type and view', async () => {
    const all = Array.from({ length: 24 }, (_, index) => index);
    expect(await valuesOf(path.join(fixtures, `views${kind}.pth`))).toEqual({
      whole: { shape: [4, 6], values: all },
      transposed: { shape: [6, 4], values: all.map((_, index) => 6 * (index % 4) + Math.floor(index / 4)) },
      column: { shape: [4], values: [2, 8, 14, 20] },
      tail: { shape: [4], values: [20, 21, 22, 23] },
      expanded: { shape: [2, 3], values: [3, 3, 3, 3, 3, 3] },
      scalar: { shape: [], values: [-1.5] },
      empty: { shape: [0, 3], values: [] },
      parameter: { shape: [1, 2], values: [0.25, -0.5] },
      half: { shape: [3], values: [1, -2.5, 65504] },
      bfloat: { shape: [3], values: [1, -2.5, 3.140625] },
      double: { shape: [2], values: [Math.fround(0.1), -3] },
      long: { shape: [2], values: [5, -7] },
      int: { shape: [2], values: [5, -7] },
      byte: { shape: [2], values: [0, 255] },
      bool: { shape: [2], values: [1, 0] },
    });
  });

  it('of a training script is unwrapped', async () => {
    const tensors = await valuesOf(path.join(fixtures, `training${kind}.pth`));
    expect(Object.keys(tensors)).toEqual(['module.weight', 'module.bias']);
    expect(tensors['module.weight'].shape).toEqual([2, 3]);
    // One step of AdamW with learning rate 1e-3 and weight decay 0.01 from 0…5 and 10, 20, every gradient 1.
    tensors['module.weight'].values.forEach((value, index) => expect(value).toBeCloseTo(index - 1e-3, 3));
    tensors['module.bias'].values.forEach((value, index) => expect(value).toBeCloseTo(10 * (index + 1) - 1e-3, 3));
  });
});

describe('the format before PyTorch 1.6', () => {
  const legacy = fs.readFileSync(path.join(fixtures, 'views-legacy.pth'));

  it('that names code is refused by that name', async () => {
    const file = path.join(fixtures, 'code-legacy.pth');
    await expect(readTensors(file)).rejects.toThrow(/refused: it names fractions\.Fraction/);
    await expect(readTensors(file)).rejects.toMatchObject({ name: 'UserError', details: { file } });
  });

  it('cut short anywhere is named', async () => {
    for (let length = 14; length < legacy.length; length += 7) {
      const file = write(legacy.subarray(0, length));
      await expect(readTensors(file), String(length)).rejects.toMatchObject({ name: 'UserError', details: { file } });
    }
  });

  it('with any byte changed is read or named, never more', async () => {
    for (let at = 0; at < legacy.length; at += 3) {
      const changed = Buffer.from(legacy);
      changed[at] ^= 1 << (at % 8);
      const file = write(changed);
      const problem: unknown = await readTensors(file).catch((error: unknown) => error);
      if (problem instanceof Error) expect(problem, `${at}: ${problem.stack}`).toMatchObject({ name: 'UserError' });
      fs.rmSync(file);
    }
  });

  it('read from a large file gives the same values', async () => {
    const file = write(legacy);
    const expected = await valuesOf(file);
    fs.truncateSync(file, 70 * 2 ** 20);
    expect(await valuesOf(file)).toEqual(expected);
  });

  const magic = [0x80, 2, 0x8a, 10, ...Buffer.from('6cfc9c46f9206aa85019', 'hex'), 0x2e];
  const plain = (root: p.Pickled): number[] => [...p.pickle(root)];
  const system = (little = true): number[] => plain(dictOf('little_endian', little));
  const dictOf = (key: string, value: boolean): number[] => [0x7d, ...p.text(key), value ? 0x88 : 0x89, 0x73];
  /** ('storage', type, key, location, count, part): text as Python 2 wrote it. */
  const storage = (key: string, count: number, part: p.Pickled): p.Pickled => {
    const short = (value: string): p.Pickled => [0x55, value.length, ...Buffer.from(value)];
    return [
      ...p.tuple(short('storage'), p.global('torch', 'FloatStorage'), short(key), short('cpu'), p.int(count), part),
      0x51,
    ];
  };
  const assembled = (root: p.Pickled, keys: p.Pickled, ...data: Uint8Array[]): Uint8Array =>
    Buffer.concat([
      Buffer.from([...magic, ...plain(p.int(1001)), ...system(), ...plain(root), ...plain(keys)]),
      ...data,
    ]);
  const stored = (values: number[], count = values.length): Buffer => {
    const length = Buffer.alloc(8);
    length.writeBigInt64LE(BigInt(count));
    return Buffer.concat([length, Buffer.from(Float32Array.from(values).buffer)]);
  };
  const root = p.dict({
    all: p.tensor(storage('7', 4, p.none), 0, [4], [1]),
    part: p.tensor(storage('7', 4, p.tuple(p.text('8'), p.int(1), p.int(3))), 1, [2], [1]),
  });
  const keys = p.list(p.text('7'));

  it('reads parts of storages and the text of Python 2', async () => {
    const file = write(assembled(root, keys, stored([1, 2, 3, 4])));
    expect(await valuesOf(file)).toEqual({
      all: { shape: [4], values: [1, 2, 3, 4] },
      part: { shape: [2], values: [3, 4] },
    });
  });

  const beyond = p.dict({
    w: p.tensor(storage('7', 4, p.tuple(p.text('8'), p.int(1), p.int(3))), 2, [2], [1]),
  });
  const outside = p.dict({
    w: p.tensor(storage('7', 4, p.tuple(p.text('8'), p.int(2), p.int(3))), 0, [2], [1]),
  });
  const twice = p.dict({
    a: p.tensor(storage('7', 4, p.none), 0, [4], [1]),
    b: p.tensor(storage('7', 5, p.none), 0, [4], [1]),
  });
  it.each<[string, Uint8Array, RegExp]>([
    ['a view beyond its part', assembled(beyond, keys, stored([1, 2, 3, 4])), /beyond its storage/],
    ['a part beyond its storage', assembled(outside, keys, stored([1, 2, 3, 4])), /not known/],
    ['a storage described in two ways', assembled(twice, keys, stored([1, 2, 3, 4])), /storage 7 in two ways/],
    ['a storage of another size', assembled(root, keys, stored([1, 2, 3, 4], 5)), /holds 5 values instead of 4/],
    ['a storage that is missing', assembled(root, p.list()), /storage 7 is missing/],
    ['a storage of no tensor', assembled(root, p.list(p.text('9')), stored([1])), /storage 9 of no tensor/],
    ['another protocol', Buffer.from([...magic, ...plain(p.int(1002))]), /unknown protocol/],
    ['code in its head', Buffer.from([...magic, ...plain(p.global('os', 'system'))]), /refused: it names os\.system/],
    [
      'another byte order',
      Buffer.from([...magic, ...plain(p.int(1001)), ...system(false)]),
      /saved on a big-endian machine/,
    ],
  ])('%s is refused', async (_, bytes, message) => {
    const file = write(bytes);
    await expect(readTensors(file)).rejects.toThrow(message);
    await expect(readTensors(file)).rejects.toMatchObject({ name: 'UserError', details: { file } });
  });
});
