import { describe, expect, it } from 'vitest';
import { input, log, mul, sumAll } from '../../../src/kernel/graph';
import { erf64, finiteDifferences } from '../../support/float64';

// The judge of the other executors is itself checked where the answer is known in closed form.
describe('erf in float64', () => {
  // NIST Handbook of Mathematical Functions, table 7.1 and its 15-digit continuation.
  it.each([
    [0, 0],
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [3, 0.9999779095030014],
    [5, 0.9999999999984626],
    [7, 1],
  ])('erf(±%d) = ±%d', (x, expected) => {
    expect(Math.abs(erf64(x) - expected)).toBeLessThan(1e-14);
    expect(Math.abs(erf64(-x) + expected)).toBeLessThan(1e-14);
  });
});

it('central differences find the slope of x² log x', () => {
  const x = input('x', [3]);
  const data = Float64Array.of(0.5, 1, 3);
  const [slope] = finiteDifferences(sumAll(mul(mul(x, x), log(x))), [x], { x: { shape: [3], data } });
  slope.data.forEach((value, index) => {
    const at = data[index];
    expect(Math.abs(value - (2 * at * Math.log(at) + at))).toBeLessThan(1e-8);
  });
});
