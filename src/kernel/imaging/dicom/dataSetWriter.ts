/** VRs whose values are written here as text. */
type TextVr = 'AE' | 'AS' | 'CS' | 'DA' | 'DS' | 'IS' | 'LO' | 'PN' | 'SH' | 'ST' | 'TM' | 'UI' | 'LT';

/** Builds a data set in explicit VR, little-endian (PS3.5 7.1.2), text in UTF-8, sequences with their lengths. */
export class DataSetWriter {
  readonly #elements = new Map<number, Buffer>();

  /** Values of one attribute, or none: then it is empty. Numbers are written with as many digits as a DS may have. */
  text(tag: number, vr: TextVr, ...values: readonly (string | number)[]): this {
    const texts = values.map((value) => (typeof value === 'number' ? decimalString(value) : value));
    // UIDs are padded with zero, everything else with a blank.
    return this.#set(tag, vr, Buffer.from(texts.join('\\')), vr === 'UI' ? 0 : 0x20);
  }

  ushort(tag: number, ...values: readonly number[]): this {
    return this.#set(tag, 'US', Buffer.from(Uint16Array.from(values).buffer));
  }

  ulong(tag: number, ...values: readonly number[]): this {
    return this.#set(tag, 'UL', Buffer.from(Uint32Array.from(values).buffer));
  }

  /** Tags as values. */
  tagValue(tag: number, value: number): this {
    return this.#set(tag, 'AT', Buffer.from(Uint16Array.of(Math.floor(value / 0x10000), value % 0x10000).buffer));
  }

  bytes(tag: number, vr: 'OB' | 'OW', value: Uint8Array): this {
    return this.#set(tag, vr, Buffer.from(value));
  }

  sequence(tag: number, items: readonly DataSetWriter[]): this {
    const parts = items.flatMap((item) => {
      const content = item.toBuffer();
      const header = Buffer.alloc(8);
      header.writeUInt16LE(0xfffe, 0);
      header.writeUInt16LE(0xe000, 2);
      header.writeUInt32LE(content.length, 4);
      return [header, content];
    });
    return this.#set(tag, 'SQ', Buffer.concat(parts));
  }

  /** In the order of tags. */
  toBuffer(): Buffer {
    const sorted = [...this.#elements].sort(([a], [b]) => a - b);
    return Buffer.concat(sorted.map(([, element]) => element));
  }

  #set(tag: number, vr: string, value: Buffer, padding = 0): this {
    const long = ['OB', 'OW', 'SQ'].includes(vr);
    const odd = value.length % 2;
    const header = Buffer.alloc(long ? 12 : 8);
    header.writeUInt16LE(Math.floor(tag / 0x10000), 0);
    header.writeUInt16LE(tag % 0x10000, 2);
    header.write(vr, 4, 'latin1');
    if (long) header.writeUInt32LE(value.length + odd, 8);
    else header.writeUInt16LE(value.length + odd, 6);
    this.#elements.set(tag, Buffer.concat([header, value, Buffer.alloc(odd, padding)]));
    return this;
  }
}

/** At most 16 characters (PS3.5 6.2), as exact as they allow. */
function decimalString(value: number): string {
  const plain = String(value);
  if (plain.length <= 16) return plain;
  for (let digits = 16; digits > 0; digits--) {
    const text = String(Number(value.toPrecision(digits)));
    if (text.length <= 16) return text;
  }
  return value.toExponential(6);
}
