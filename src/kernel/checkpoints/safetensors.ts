import { UserError } from '../errors';
import { openFile, writeFileAtomically } from '../files';
import { sizeOf, type TensorData } from '../graph/tensorData';
import { elementTypes } from './elementTypes';
import { FileTensor, LargeFile } from './fileTensor';
import { readExactly } from './fileRange';
import { floatToHalf } from './float16';
import { parseSafetensorsHeader } from './safetensorsHeader';
import type { TensorFile } from './types';

/** A header beyond this is no header (the reference implementation's limit). */
const longestHeader = 100_000_000;

/**
 * Reads a safetensors file; every element type becomes float32. Of a large file only the header is read: its float32
 * tensors stay where they are.
 * @throws UserError when the file is missing, cut short, or its header does not describe its data exactly.
 */
export async function readSafetensors(file: string): Promise<TensorFile> {
  const { handle, size, modified } = await openFile(file);
  const large = LargeFile.of(file, { size, modified });
  try {
    if (size < 8) throw notSafetensors(file, `it holds ${size} bytes`);
    const headerLength = Number(Buffer.from(await readExactly(handle, file, 0, 8)).readBigUInt64LE());
    if (headerLength > longestHeader || headerLength > size - 8) {
      throw notSafetensors(file, `its header would be ${headerLength} bytes long, the file is ${size}`);
    }
    const header = Buffer.from(await readExactly(handle, file, 8, headerLength)).toString('utf8');
    const dataStart = 8 + headerLength;
    const { entries, metadata } = parseSafetensorsHeader(file, header, size - dataStart);
    const tensors = new Map<string, TensorData>();
    for (const { name, type, shape, begin, end } of entries) {
      if (large !== null && type === 'F32') {
        tensors.set(name, new FileTensor(large, dataStart + begin, shape));
        continue;
      }
      const bytes = await readExactly(handle, file, dataStart + begin, end - begin);
      tensors.set(name, { dtype: 'float32', shape, data: elementTypes[type].toFloat32(bytes) });
    }
    return { tensors, metadata };
  } finally {
    await handle.close();
  }
}

export interface WriteOptions {
  /** Stores half precision (F16, rounded to nearest even): half the size, about three decimal digits. */
  readonly half?: boolean;
}

/**
 * Writes tensors in the order of the map, at once or not at all.
 * @throws UserError when the folder is missing, or a value does not fit half precision.
 */
export async function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
  options: WriteOptions = {},
): Promise<void> {
  const half = options.half === true;
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  let offset = 0;
  for (const [name, { shape }] of tensors) {
    if (name === '__metadata__') throw new RangeError('a tensor cannot be stored under the name of the notes');
    const end = offset + sizeOf(shape) * (half ? 2 : 4);
    header.push([name, { dtype: half ? 'F16' : 'F32', shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)), 'utf8');
  // Spaces up to a multiple of eight, so that the data are aligned for readers that map the file.
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const chunks = function* (): Generator<Uint8Array> {
    yield length;
    yield padded;
    yield* dataChunks(file, tensors, half);
  };
  await writeFileAtomically(file, chunks());
}

function* dataChunks(file: string, tensors: ReadonlyMap<string, TensorData>, half: boolean): Generator<Buffer> {
  for (const [name, tensor] of tensors) {
    // Once: it may be read from a file.
    const { data } = tensor;
    if (data.length !== sizeOf(tensor.shape)) {
      throw new RangeError(`tensor ${name} of shape [${tensor.shape.join(', ')}] has ${data.length} values`);
    }
    const stored = half ? floatToHalf(data) : data;
    if (half && data.some((value, index) => Number.isFinite(value) && (stored[index] & 0x7fff) === 0x7c00)) {
      throw new UserError(`${file} was not written: ${name} holds values beyond half precision; store it in full`, {
        file,
      });
    }
    yield Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  }
}

function notSafetensors(file: string, why: string): UserError {
  return new UserError(`${file} is not a safetensors file, or is cut short (${why}): get it again`, { file });
}
