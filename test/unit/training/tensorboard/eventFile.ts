// Reads TensorBoard's event files without the product's code: TFRecords of Event messages, checksums verified bit by bit.
import fs from 'node:fs';
import path from 'node:path';

export interface DecodedEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion?: string;
  /** SessionLog.status */
  readonly session?: number;
  readonly scalars?: Readonly<Record<string, number>>;
}

/** CRC-32C by polynomial division, one bit after another. */
export function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const low = (crc ^ (byte >>> bit)) & 1;
      crc = (crc >>> 1) ^ (low ? 0x82f63b78 : 0);
    }
  }
  return ~crc >>> 0;
}

/** The data of each record. @throws when a checksum is wrong or the file ends in the middle of a record */
export function recordsIn(bytes: Buffer): Buffer[] {
  const check = (data: Buffer, at: number): void => {
    const unmasked = (bytes.readUInt32LE(at) - 0xa282ead8) >>> 0;
    const crc = ((unmasked >>> 17) | (unmasked << 15)) >>> 0;
    if (crc !== slowCrc32c(data)) throw new Error(`the checksum at byte ${at} is wrong`);
  };
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    check(bytes.subarray(at, at + 8), at + 8);
    const data = bytes.subarray(at + 12, at + 12 + length);
    check(data, at + 12 + length);
    records.push(data);
    at += 16 + length;
  }
  return records;
}

type Field = { readonly number: number; readonly varint: number; readonly bytes: Buffer };

/** The fields of a protobuf message, whatever it is. */
function fieldsOf(message: Buffer): Field[] {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++];
      value += (byte & 0x7f) * shift;
      if (byte < 128) return value;
    }
  };
  const fields: Field[] = [];
  while (at < message.length) {
    const key = varint();
    const [number, wire] = [key >>> 3, key & 7];
    if (wire === 0) fields.push({ number, varint: varint(), bytes: Buffer.alloc(0) });
    else {
      const length = wire === 1 ? 8 : wire === 5 ? 4 : varint();
      fields.push({ number, varint: 0, bytes: message.subarray(at, at + length) });
      at += length;
    }
  }
  return fields;
}

const only = (fields: readonly Field[], number: number): Field | undefined =>
  fields.find((field) => field.number === number);

export function decodedEvents(file: string): DecodedEvent[] {
  return recordsIn(fs.readFileSync(file)).map((record) => {
    const fields = fieldsOf(record);
    const [version, summary, session] = [3, 5, 7].map((number) => only(fields, number));
    const values = summary === undefined ? [] : fieldsOf(summary.bytes).map(({ bytes }) => fieldsOf(bytes));
    return {
      wallTime: only(fields, 1)!.bytes.readDoubleLE(0),
      step: only(fields, 2)?.varint ?? 0,
      ...(version === undefined ? {} : { fileVersion: version.bytes.toString() }),
      ...(session === undefined ? {} : { session: only(fieldsOf(session.bytes), 1)?.varint ?? 0 }),
      ...(summary === undefined
        ? {}
        : {
            scalars: Object.fromEntries(
              values.map((value) => [only(value, 1)!.bytes.toString(), only(value, 2)!.bytes.readFloatLE(0)]),
            ),
          }),
    };
  });
}

/** Event files of a run, in the order that TensorBoard reads them. */
export const eventFilesOf = (run: string): string[] =>
  fs
    .readdirSync(path.join(run, 'tb'))
    .filter((name) => name.includes('tfevents'))
    .sort()
    .map((name) => path.join(run, 'tb', name));
