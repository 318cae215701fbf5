// TensorBoard's event files: TFRecords, each an `Event` of tensorflow/core/util/event.proto with scalars of
// tensorflow/core/framework/summary.proto.
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { maskedCrc32c } from './crc32c';

/** Field numbers of the messages. */
const event = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const summary = { value: 1 } as const;
const value = { tag: 1, simpleValue: 2 } as const;
const sessionLog = { status: 1 } as const;
/** SessionLog.SessionStatus.START */
const sessionStart = 1;

/** `time`: milliseconds since the epoch. */
const timed = (time: number): BinaryWriter =>
  new BinaryWriter().tag(event.wallTime, WireType.Bit64).double(time / 1000);

/** The first record of a file. */
export const versionRecord = (time: number): Uint8Array =>
  record(timed(time).tag(event.fileVersion, WireType.LengthDelimited).string('brain.Event:2').finish());

/** Has readers forget what older files of the same folder say of steps from `step` on. */
export const sessionStartRecord = (time: number, step: number): Uint8Array =>
  record(
    timed(time)
      .tag(event.step, WireType.Varint)
      .int64(step)
      .tag(event.sessionLog, WireType.LengthDelimited)
      .fork()
      .tag(sessionLog.status, WireType.Varint)
      .int32(sessionStart)
      .join()
      .finish(),
  );

/** Values of one step, by tag; kept as float32. */
export function scalarRecord(time: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const writer = timed(time).tag(event.step, WireType.Varint).int64(step);
  writer.tag(event.summary, WireType.LengthDelimited).fork();
  for (const [tag, number] of Object.entries(scalars)) {
    writer.tag(summary.value, WireType.LengthDelimited).fork();
    writer.tag(value.tag, WireType.LengthDelimited).string(tag);
    writer.tag(value.simpleValue, WireType.Bit32).float(number).join();
  }
  return record(writer.join().finish());
}

/** A TFRecord: length (u64), its checksum, data, their checksum; all little-endian. */
function record(data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(12 + data.length + 4);
  bytes.writeBigUInt64LE(BigInt(data.length), 0);
  bytes.writeUInt32LE(maskedCrc32c(bytes.subarray(0, 8)), 8);
  bytes.set(data, 12);
  bytes.writeUInt32LE(maskedCrc32c(data), 12 + data.length);
  return bytes;
}
