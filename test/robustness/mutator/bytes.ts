// Damage to the bytes of a file, as a disk, a network or an attacker does it.
import type { Random } from '../../../src/kernel/datasets';

/** A piece of damage; `other`: the bytes of another valid file. */
type Damage = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

/** Numbers at which lengths, counts and offsets turn over. */
const borders = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000, 0xffffff, 0x7fffffff, 0x80000000, 0xffffffff,
];

/** Most of what a file says of itself stands at its beginning, and in a zip at its end. */
function place(bytes: Buffer, random: Random, length = 1): number {
  const last = Math.max(0, bytes.length - length);
  const where = random.next();
  if (where < 0.5) return random.integer(Math.min(last, 600) + 1);
  if (where < 0.65) return Math.max(0, last - random.integer(600));
  return random.integer(last + 1);
}

/** A number of 1 to 8 bytes, either byte order, put over what stands there. */
function putNumber(bytes: Buffer, at: number, size: number, value: number, little: boolean): void {
  for (let index = 0; index < size && at + index < bytes.length; index++) {
    const byte = Math.floor(value / 256 ** (little ? index : size - 1 - index)) % 256;
    bytes[at + index] = byte;
  }
}

const span = (bytes: Buffer, random: Random): [from: number, to: number] => {
  const from = place(bytes, random);
  return [from, Math.min(bytes.length, from + 1 + random.integer(random.pick([4, 16, 64, 512])))];
};

const damages: Readonly<Record<string, Damage>> = {
  truncated: (bytes, random) =>
    bytes.subarray(0, random.chance(0.3) ? place(bytes, random) : random.integer(bytes.length + 1)),
  'bits flipped': (bytes, random) => {
    for (let count = 1 + random.integer(8); count > 0 && bytes.length > 0; count--) {
      bytes[Math.min(bytes.length - 1, place(bytes, random))] ^= 1 << random.integer(8);
    }
    return bytes;
  },
  'a run of one byte': (bytes, random) => {
    const [from, to] = span(bytes, random);
    return Buffer.from(bytes.fill(random.pick([0, 0x20, 0x41, 0x7f, 0x80, 0xff]), from, to));
  },
  'random bytes': (bytes, random) => {
    const [from, to] = span(bytes, random);
    for (let at = from; at < to; at++) bytes[at] = random.integer(256);
    return bytes;
  },
  'a number at a border': (bytes, random) => {
    const size = random.pick([1, 2, 2, 4, 4, 4, 8]);
    putNumber(bytes, place(bytes, random, size), size, random.pick(borders), random.chance(0.7));
    return bytes;
  },
  'a length that lies': (bytes, random) => {
    // A number that could be a length or an offset of this very file, made a little or much too large or small.
    for (let tries = 0; tries < 200 && bytes.length > 4; tries++) {
      const at = Math.min(place(bytes, random, 4), bytes.length - 4);
      const [little, size] = [random.chance(0.8), random.pick([2, 4])];
      const value = little ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size);
      if (value < 2 || value > bytes.length) continue;
      const other = random.pick([value + 1, value - 1, 2 * value, value * 1000, bytes.length, bytes.length + 1, 0]);
      putNumber(bytes, at, size, other % 256 ** size, little);
      return bytes;
    }
    return bytes;
  },
  'NaN or infinity': (bytes, random) => {
    const size = random.pick([4, 4, 8]);
    const at = place(bytes, random, size) & ~(size - 1);
    if (at + size > bytes.length) return bytes;
    const value = random.pick([NaN, Infinity, -Infinity, 1e38, -1e38, 1e-40, -0]);
    if (size === 4) bytes.writeFloatLE(value, at);
    else bytes.writeDoubleLE(value, at);
    return bytes;
  },
  'a chunk twice': (bytes, random) => {
    const [from, to] = span(bytes, random);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  'two chunks changed places': (bytes, random) => {
    const [from, to] = span(bytes, random);
    const [start, end] = span(bytes, random);
    if (start < to) return Buffer.concat([bytes.subarray(from), bytes.subarray(0, from)]);
    return Buffer.concat([
      bytes.subarray(0, from),
      bytes.subarray(start, end),
      bytes.subarray(to, start),
      bytes.subarray(from, to),
      bytes.subarray(end),
    ]);
  },
  'a chunk left out': (bytes, random) => {
    const [from, to] = span(bytes, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  'bytes put in': (bytes, random) => {
    const at = place(bytes, random);
    const more = Buffer.from(Array.from({ length: 1 + random.integer(64) }, () => random.integer(256)));
    return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
  },
  'the beginning of one file, the end of another': (bytes, random, other) =>
    Buffer.concat([bytes.subarray(0, place(bytes, random)), other.subarray(place(other, random))]),
};

/** One to three pieces of damage. @returns the bytes in memory of their own, and what was done to them. */
export function damagedBytes(bytes: Buffer, random: Random, other: Buffer): { bytes: Buffer; what: string } {
  const names = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () => random.pick(Object.keys(damages)));
  const damaged = names.reduce((now, name) => Buffer.from(damages[name](now, random, other)), Buffer.from(bytes));
  return { bytes: damaged, what: names.join(', ') };
}
