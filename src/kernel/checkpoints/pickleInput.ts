/** A pickle that is damaged, or that asks for more than data. */
export class PickleError extends Error {
  override name = 'PickleError';
}

/** Reads the operands of pickles in order. Every method throws PickleError where the bytes end before. */
export class PickleInput {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes read so far. */
  get position(): number {
    return this.at;
  }

  uint8 = (): number => this.view.getUint8(this.take(1));
  uint16 = (): number => this.view.getUint16(this.take(2), true);
  uint32 = (): number => this.view.getUint32(this.take(4), true);
  int32 = (): number => this.view.getInt32(this.take(4), true);
  uint64 = (): number => Number(this.view.getBigUint64(this.take(8), true));
  float64BigEndian = (): number => this.view.getFloat64(this.take(8), false);

  /** Two's complement, little-endian, of any length. */
  long(length: number): number {
    const start = this.take(length);
    let value = 0n;
    for (let index = length - 1; index >= 0; index--) value = (value << 8n) | BigInt(this.bytes[start + index]);
    return Number(BigInt.asIntN(8 * length, value));
  }

  text(length: number): string {
    const start = this.take(length);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, length).toString('utf8');
  }

  /** Text up to a line feed, which is passed over. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new PickleError('it is cut short');
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }

  private take(length: number): number {
    const start = this.at;
    if (length > this.bytes.length - start) throw new PickleError('it is cut short');
    this.at += length;
    return start;
  }
}
