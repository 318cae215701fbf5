import fs from 'node:fs';
import path from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readTensors, writeSafetensors } from '../../../src/kernel/checkpoints';
import { FileTensor } from '../../../src/kernel/checkpoints/fileTensor';
import { sizeOf, type TensorData } from '../../../src/kernel/graph';
import { projectRoot } from '../../support/projectRoot';
import { temporaryFolder } from '../../support/temporaryFolder';
import * as p from './pickleAssembler';

const folder = temporaryFolder('large');
const at = (name: string): string => path.join(folder, name);
const fixtures = path.join(projectRoot, 'test', 'fixtures', 'parity', 'tiny');
const mebibyte = 2 ** 20;

/** Writes a safetensors file with `data` after its header, and zeros (a hole on the disk) up to the end of the last tensor. */
function writeSparse(file: string, header: Record<string, Entry>, data: Uint8Array, pad = 8): void {
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((pad - (text.length % pad)) % pad, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  fs.writeFileSync(file, Buffer.concat([length, padded, data]));
  fs.truncateSync(file, 8 + padded.length + Math.max(...Object.values(header).map((entry) => entry.data_offsets[1])));
}

/** Writes an archive with 65 MB of zeros (a hole on the disk) between its entries and its directory. */
function writeHollow(file: string, archive: Uint8Array): void {
  const bytes = Buffer.from(archive);
  const end = bytes.length - 22; // of a directory without a comment
  const directory = bytes.readUInt32LE(end + 16);
  bytes.writeUInt32LE(directory + 65 * mebibyte, end + 16);
  fs.writeFileSync(file, bytes.subarray(0, directory));
  fs.truncateSync(file, directory + 65 * mebibyte);
  fs.appendFileSync(file, bytes.subarray(directory));
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const f32 = (shape: readonly number[], begin: number): Entry => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, begin + 4 * sizeOf(shape)],
});

/** The same file with so many zeros more that its tensors stay in it. */
function enlarged(name: string): string {
  const original = fs.readFileSync(path.join(fixtures, name));
  const file = at(`large-${name}`);
  if (name.endsWith('.pth')) {
    writeHollow(file, zipSync(unzipSync(original), { level: 0 }));
    return file;
  }
  const dataStart = 8 + Number(original.readBigUInt64LE());
  const header = JSON.parse(original.toString('utf8', 8, dataStart)) as Record<string, Entry>;
  delete header.__metadata__;
  const data = original.subarray(dataStart);
  writeSparse(file, { ...header, filling: f32([65 * mebibyte], data.length) }, data);
  return file;
}

/** What a runtime that maps `source` would see. */
function mapped({ source, shape }: TensorData): Float32Array {
  const bytes = new Uint8Array(4 * sizeOf(shape));
  const descriptor = fs.openSync(source!.file, 'r');
  fs.readSync(descriptor, bytes, 0, bytes.length, source!.offset);
  fs.closeSync(descriptor);
  return new Float32Array(bytes.buffer);
}

const bits = (values: Float32Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

describe('a large checkpoint', () => {
  it.each(fs.readdirSync(fixtures).filter((name) => /\.(pth|safetensors)$/.test(name)))(
    '%s: holds what the small one holds, and its sources point at it',
    async (name) => {
      const small = await readTensors(path.join(fixtures, name));
      const large = await readTensors(enlarged(name));
      large.tensors.delete('filling');
      expect([...large.tensors.keys()]).toEqual([...small.tensors.keys()]);
      let [lazy, sources] = [0, 0];
      for (const [key, tensor] of small.tensors) {
        expect(tensor.source, key).toBeUndefined();
        const other = large.tensors.get(key)!;
        if (other instanceof FileTensor) lazy++;
        expect(other.shape, key).toEqual(tensor.shape);
        expect(bits(other.data).equals(bits(tensor.data)), key).toBe(true);
        if (other.source === undefined) continue;
        sources++;
        expect(bits(mapped(other)).equals(bits(tensor.data)), key).toBe(true);
      }
      // Prompt labels are integers; and fflate aligns nothing, unlike PyTorch.
      expect(lazy).toBeGreaterThan(0.7 * small.tensors.size);
      expect(sources).toBeGreaterThan(0);
    },
  );

  it('of 1 GB opens without being read, and is read a tensor at a time', async () => {
    const file = at('sparse.safetensors');
    const shape = [(10 * mebibyte) / 4];
    const header = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`t${index}`, f32(shape, 10 * mebibyte * index)]),
    );
    writeSparse(file, header, new Uint8Array(0));
    const before = process.memoryUsage().arrayBuffers;
    const { tensors } = await readTensors(file);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(mebibyte);

    // One after the other in one go, as a model is packed or compiled.
    let [sum, most] = [0, 0];
    for (const { data } of tensors.values()) {
      sum += data.length;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(sum).toBe(100 * shape[0]);
    // What is collected, and when, is the collector's: a part of the whole, not a number of tensors.
    expect(most).toBeLessThan(500 * mebibyte);
    const { data } = tensors.get('t99')!;
    expect(tensors.get('t99')!.data).toBe(data);
  });

  it('that is cut short, written anew or removed after it was opened is named', async () => {
    const file = at('changing.safetensors');
    const write = (first: number): void =>
      writeSparse(file, { w: f32([2], 0), rest: f32([65, mebibyte / 4], 8) }, bits(Float32Array.of(first, 2)));
    const open = async (): Promise<TensorData> => (await readTensors(file)).tensors.get('w')!;
    write(1);
    const cut = await open();
    fs.truncateSync(file, 100);
    expect(() => cut.data).toThrow(`${file} has changed since it was opened: open it again`);
    expect(() => cut.source).toThrow(`${file} has changed since it was opened: open it again`);
    write(1);
    const touched = await open();
    expect([...touched.data]).toEqual([1, 2]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    write(5);
    expect(() => touched.data).toThrow(expect.objectContaining({ name: 'UserError', details: { file } }));
    const removed = await open();
    expect([...removed.data]).toEqual([5, 2]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    fs.rmSync(file);
    expect(() => removed.data).toThrow(`${file} does not exist`);
    expect(() => removed.source).toThrow(`${file} does not exist`);
    expect(removed.shape).toEqual([2]);
  });

  it('with values at an odd address is read, but has no source', async () => {
    const file = at('odd.safetensors');
    const header = {
      odd: { dtype: 'U8', shape: [3], data_offsets: [0, 3] } as const,
      w: f32([2], 3),
      rest: f32([65, mebibyte / 4], 11),
    };
    writeSparse(file, header, Buffer.concat([Buffer.from([7, 8, 9]), bits(Float32Array.of(1.5, -2))]));
    const { tensors } = await readTensors(file);
    expect([...tensors.get('odd')!.data]).toEqual([7, 8, 9]);
    expect([...tensors.get('w')!.data]).toEqual([1.5, -2]);
    expect(tensors.get('w')!.source).toBeUndefined();
  });

  it('is written on as it was, a tensor at a time', async () => {
    const file = at('rewritten.safetensors');
    writeSparse(file, { w: f32([2], 0), rest: f32([65, mebibyte / 4], 8) }, bits(Float32Array.of(1, 2)));
    const original = await readTensors(file);
    await writeSafetensors(file, original.tensors, { note: 'twice' });
    const again = await readTensors(file);
    expect(again.metadata).toEqual({ note: 'twice' });
    expect([...again.tensors.get('w')!.data]).toEqual([1, 2]);
    expect(() => original.tensors.get('rest')!.data).toThrow(/has changed/);
  });
});

describe('a large .pth', () => {
  const floats = Float32Array.from({ length: 12 }, (_, index) => index);
  const shared = p.storage('FloatStorage', '0', 12);
  const views = p.dict({
    whole: p.tensor(shared, 0, [3, 4], [4, 1]),
    row: p.tensor(shared, 8, [4], [1]),
    transposed: p.tensor(shared, 0, [4, 3], [1, 4]),
    halves: p.tensor(p.storage('HalfStorage', '1', 2), 0, [2], [1]),
    empty: p.tensor(shared, 0, [0, 5], [5, 1]),
  });
  const storages = { 0: floats, 1: Uint16Array.of(0x3c00, 0xc000) };
  const expected = {
    whole: [...floats],
    row: [8, 9, 10, 11],
    transposed: [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11],
    halves: [1, -2],
    empty: [],
  };
  const values = (tensors: ReadonlyMap<string, TensorData>): unknown =>
    Object.fromEntries([...tensors].map(([name, { data }]) => [name, [...data]]));

  it('keeps plain float32 views in the file, and converts the rest', async () => {
    writeHollow(at('views.pth'), p.checkpoint(views, storages));
    const { tensors } = await readTensors(at('views.pth'));
    expect(values(tensors)).toEqual(expected);
    expect([...tensors].filter(([, { source }]) => source !== undefined).map(([name]) => name)).toEqual([
      'whole',
      'row',
    ]);
    expect([...mapped(tensors.get('row')!)]).toEqual([8, 9, 10, 11]);
  });

  it('unpacks deflated storages', async () => {
    writeHollow(at('packed.pth'), p.checkpoint(views, storages, { level: 9 }));
    const { tensors } = await readTensors(at('packed.pth'));
    expect(values(tensors)).toEqual(expected);
    expect([...tensors.values()].every(({ source }) => source === undefined)).toBe(true);
  });

  it('is refused at opening when a storage is missing or of another size', async () => {
    const wrong = (key: string, count: number): p.Pickled =>
      p.dict({ w: p.tensor(p.storage('FloatStorage', key, count), 0, [1], [1]) });
    writeHollow(at('missing.pth'), p.checkpoint(wrong('7', 12), storages));
    await expect(readTensors(at('missing.pth'))).rejects.toThrow(/data\/7 is missing/);
    writeHollow(at('short.pth'), p.checkpoint(wrong('0', 13), storages));
    await expect(readTensors(at('short.pth'))).rejects.toThrow(/data\/0 holds 48 bytes instead of 52/);
  });
});
