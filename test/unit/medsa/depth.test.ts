import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { input } from '../../../src/kernel/graph';
import { depthGrid, fromDepth, toDepth } from '../../../src/kernel/medsa/depth';
import { runWithOrt } from '../../support/ort';
import { expectClose, randomTensor } from '../../support/tensors';

describe('the grid of a depth sequence', () => {
  it('is a line in the paper’s adapters', () => {
    for (const slices of [1, 2, 5, 6, 12]) expect(depthGrid(slices, 'paper')).toEqual([1, slices]);
  });

  it.each([
    [1, 1, 1],
    [2, 1, 2],
    [4, 1, 4],
    [5, 1, 5],
    [6, 2, 3],
    [7, 1, 7],
    [8, 2, 4],
    [9, 1, 9],
    [12, 3, 4],
    [16, 2, 8],
    [24, 4, 6],
    [36, 4, 9],
    [97, 1, 97],
  ])('of %i slices as released is %i×%i', (slices, height, width) => {
    expect(depthGrid(slices, 'released')).toEqual([height, width]);
  });

  it('as released has the largest height below its width, for every number of slices', () => {
    for (let slices = 2; slices <= 200; slices++) {
      const heights = [...Array(slices).keys()].filter((h) => h > 0 && slices % h === 0 && h < slices / h);
      expect(depthGrid(slices, 'released'), `${slices}`).toEqual([Math.max(...heights), slices / Math.max(...heights)]);
    }
  });
});

it.each([
  ['two volumes of six slices, as released', 6, 12, [2, 3]],
  ['one volume of five slices', 5, 5, [1, 5]],
  ['three volumes of one slice', 1, 3, [1, 1]],
] as const)('%s: to depth and back is where it was, in sequences of one position', async (_, slices, batch, grid) => {
  const n = randomTensor(new Random(1), [batch, 2, 3, 4]);
  const x = input('n', n.shape);
  const deep = toDepth(x, slices, grid);
  const { there, back } = await runWithOrt({ there: deep, back: fromDepth(deep, n.shape, slices) }, { n });
  expect(there.shape).toEqual([(batch / slices) * 6, ...grid, 4]);
  expectClose(back, n, 0, 'back');
  // Sequence 0 is position 0 of the slices of volume 0; slice s begins s grids further.
  for (let slice = 0; slice < slices; slice++) {
    const own = n.data.slice(slice * 24, slice * 24 + 4);
    expect([...there.data.slice(slice * 4, slice * 4 + 4)]).toEqual([...own]);
  }
});
