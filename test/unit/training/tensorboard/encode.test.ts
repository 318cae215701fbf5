import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../../src/kernel/training/tensorboard/crc32c';
import { scalarRecord, sessionStartRecord, versionRecord } from '../../../../src/kernel/training/tensorboard/encode';
import { slowCrc32c } from './eventFile';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('CRC-32C', () => {
  // RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
  it.each([
    ['123456789', Buffer.from('123456789'), 0xe3069283],
    ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
    ['nothing', Buffer.alloc(0), 0],
  ])('of %s is the published one', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
    expect(slowCrc32c(bytes)).toBe(expected);
  });
});

// What the writer of TensorBoard 2.21 (`tensorboard.summary.writer.record_writer`) makes of the same events.
describe('a record has the bytes that TensorBoard’s own writer gives it', () => {
  it('a file’s version', () => {
    expect(hex(versionRecord(1500))).toBe(
      '1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c',
    );
  });

  it('the start of a session', () => {
    expect(hex(sessionStartRecord(1500, 7))).toBe('0f000000000000006d532b0909000000000000f83f10073a020801774771c7');
  });

  it('scalars', () => {
    const scalars = { 'train/loss': 0.1, 'validation/1-point/dice': 0.75 };
    expect(hex(scalarRecord(1795522868123, 300, scalars))).toBe(
      '410000000000000000a9c2ab093bdf074d60c1da4110ac022a330a110a0a747261696e2f6c6f737315cdcccc3d' +
        '0a1e0a1776616c69646174696f6e2f312d706f696e742f64696365150000403fd5cb999e',
    );
  });
});
