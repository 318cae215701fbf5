import { describe, expect, it } from 'vitest';
import { keepLargestPieces } from '../../../src/kernel/datasets/phantoms/pieces';

function kept(rows: readonly string[]): string[] {
  const width = rows[0].length;
  const labels = Uint8Array.from(rows.join(''), Number);
  keepLargestPieces(labels, width, rows.length);
  return rows.map((_, y) => labels.subarray(y * width, (y + 1) * width).join(''));
}

describe('keepLargestPieces', () => {
  it('keeps of each label the largest piece; corners do not join', () => {
    expect(kept(['1102', '1022', '0311', '3301'])).toEqual(['1102', '1022', '0300', '3300']);
  });

  it('follows a piece around corners, joined late', () => {
    const spiral = ['1111111', '1000001', '1011101', '1010101', '1010001', '1011111', '1000000'];
    expect(kept(spiral)).toEqual(spiral);
    expect(kept(['1010111', '1010001', '1110111'])).toEqual(['1010000', '1010000', '1110000']);
  });

  it('does not join the end of a row to the beginning of the next', () => {
    expect(kept(['0001', '1100'])).toEqual(['0000', '1100']);
  });
});
