import { describe, expect, it } from 'vitest';
import { keepLargestPieces } from '../../../src/kernel/datasets/phantoms/pieces';

describe('keepLargestPieces', () => {
  it('keeps of each label the largest piece, corners not joining', () => {
    const rows = ['1102', '1022', '0311', '3301'];
    const labels = Uint8Array.from(rows.join(''), Number);
    keepLargestPieces(labels, 4, 4);
    expect([0, 4, 8, 12].map((start) => labels.subarray(start, start + 4).join(''))).toEqual([
      '1102',
      '1022',
      '0300',
      '3300',
    ]);
  });
});
