import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../../src/kernel/checkpoints';
import { tensorData } from '../../../src/kernel/graph/tensorData';

let folder: string;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'med-sa-safetensors-'));
});
afterAll(() => fs.rm(folder, { recursive: true }));

/** A file with the given header (an object, or raw text) and data. */
async function craft(header: unknown, data: Uint8Array, declaredLength?: number): Promise<string> {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(declaredLength ?? text.length));
  const file = path.join(folder, `${Math.random().toString(36).slice(2)}.safetensors`);
  await fs.writeFile(file, Buffer.concat([length, text, data]));
  return file;
}

describe('writeSafetensors and readSafetensors', () => {
  const tensors = new Map([
    ['b.weight', tensorData([2, 3], [1, -2.5, 3.1415927, 1e-30, -0, 65504])],
    ['a.bias', tensorData([], [7])],
    ['empty', tensorData([0, 4], [])],
  ]);

  it('gives back what was written, in order, with the notes', async () => {
    const file = path.join(folder, 'all.safetensors');
    await writeSafetensors(file, tensors, { format: 'pt', 'known-for': 'ä "quotes"' });
    const back = await readSafetensors(file);
    expect([...back.tensors.keys()].sort()).toEqual(['a.bias', 'b.weight', 'empty']);
    for (const [name, tensor] of tensors) expect(back.tensors.get(name)).toEqual(tensor);
    expect(back.metadata).toEqual({ format: 'pt', 'known-for': 'ä "quotes"' });
    const bytes = await fs.readFile(file);
    expect(Number(bytes.readBigUInt64LE()) % 8).toBe(0);
  });

  it('stores half precision in half the bytes', async () => {
    const file = path.join(folder, 'half.safetensors');
    await writeSafetensors(file, tensors, {}, { half: true });
    const { data } = (await readSafetensors(file)).tensors.get('b.weight')!;
    expect([...data]).toEqual([1, -2.5, 3.140625, 0, -0, 65504]);
  });

  it('refuses values beyond half precision and leaves nothing behind', async () => {
    const target = path.join(folder, 'large');
    await fs.mkdir(target);
    const write = writeSafetensors(
      path.join(target, 'x.safetensors'),
      new Map([['w', tensorData([1], [70000])]]),
      {},
      { half: true },
    );
    await expect(write).rejects.toThrow(/w holds values beyond half precision/);
    expect(await fs.readdir(target)).toEqual([]);
  });

  it('keeps the old file until the new one is whole', async () => {
    const target = path.join(folder, 'kept');
    await fs.mkdir(target);
    const file = path.join(target, 'x.safetensors');
    await writeSafetensors(file, new Map([['w', tensorData([1], [1])]]));
    await expect(
      writeSafetensors(file, new Map([['w', tensorData([1], [1e6])]]), {}, { half: true }),
    ).rejects.toThrow();
    expect(await fs.readdir(target)).toEqual(['x.safetensors']);
    expect([...(await readSafetensors(file)).tensors.get('w')!.data]).toEqual([1]);
  });

  it('says that the folder is missing', async () => {
    const file = path.join(folder, 'nowhere', 'x.safetensors');
    await expect(writeSafetensors(file, tensors)).rejects.toThrow(/folder .*nowhere does not exist/);
  });
});

describe('element types', () => {
  const cases: [string, ArrayBufferView<ArrayBuffer>, number[]][] = [
    ['F64', Float64Array.of(0.5, -3), [0.5, -3]],
    ['F16', Uint16Array.of(0x3c00, 0xc100), [1, -2.5]],
    ['BF16', Uint16Array.of(0x3f80, 0xc020), [1, -2.5]],
    ['I64', BigInt64Array.of(5n, -7n), [5, -7]],
    ['I32', Int32Array.of(5, -7), [5, -7]],
    ['U8', Uint8Array.of(0, 255), [0, 255]],
    ['BOOL', Uint8Array.of(0, 1), [0, 1]],
  ];
  it.each(cases)('reads %s as float32', async (dtype, stored, values) => {
    const bytes = new Uint8Array(stored.buffer);
    const file = await craft({ t: { dtype, shape: [2], data_offsets: [0, bytes.length] } }, bytes);
    const { shape, data } = (await readSafetensors(file)).tensors.get('t')!;
    expect(shape).toEqual([2]);
    expect([...data]).toEqual(values);
  });
});

describe('damaged files', () => {
  const four = new Uint8Array(4);
  const f32 = (begin: number, end: number, shape = [1]): object => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  });
  it.each<[string, unknown, Uint8Array, RegExp]>([
    ['an end beyond the file', { t: f32(0, 8, [2]) }, four, /t ends at byte 8 of 4.*cut short/],
    ['an overlap', { a: f32(0, 4), b: f32(0, 4) }, four, /overlaps another tensor/],
    ['a gap', { a: f32(0, 4), b: f32(8, 12) }, new Uint8Array(12), /b follows a gap/],
    ['bytes of no tensor', { a: f32(0, 4) }, new Uint8Array(6), /2 bytes at its end/],
    ['a size that is not the shape', { a: f32(0, 4, [2]) }, four, /shape \[2\].*does not take 4 bytes/],
    ['a negative extent', { a: f32(0, 4, [-1]) }, four, /entry of a is malformed/],
    ['an end before the begin', { a: f32(4, 0) }, four, /does not take -4 bytes/],
    ['an unknown type', { a: { dtype: 'F8_E4M3', shape: [4], data_offsets: [0, 4] } }, four, /F8_E4M3/],
    ['notes that are not text', { __metadata__: { a: 1 }, a: f32(0, 4) }, four, /notes are not text/],
    ['no JSON', '{"a":', four, /not JSON/],
    ['no object', '[1]', four, /not an object/],
  ])('%s is refused', async (_, header, data, message) => {
    const file = await craft(header, data);
    await expect(readSafetensors(file)).rejects.toThrow(message);
    await expect(readSafetensors(file)).rejects.toMatchObject({ name: 'UserError', details: { file } });
  });

  it('an absurd header length is refused before it is read', async () => {
    const file = await craft('{}', four, 2 ** 52);
    await expect(readSafetensors(file)).rejects.toThrow(/its header would be 4503599627370496 bytes long/);
  });

  it('a file of a few bytes, a missing one and a folder are refused', async () => {
    const short = path.join(folder, 'short.safetensors');
    await fs.writeFile(short, 'abc');
    await expect(readSafetensors(short)).rejects.toThrow(/holds 3 bytes/);
    await expect(readSafetensors(path.join(folder, 'no.safetensors'))).rejects.toThrow(/does not exist/);
    await expect(readSafetensors(folder)).rejects.toThrow(/is a folder/);
  });
});
