import { describe, expect, it } from 'vitest';
import { scoreRegion, summarise, type Region, type Score } from '../../../src/kernel/evaluation';

const score = (given: Partial<Score>): Score => ({
  case: 'a',
  group: 'a',
  className: 'liver',
  setting: '1-point',
  dice: 0.5,
  iou: 1 / 3,
  hd95: 4,
  unit: 'mm',
  ...given,
});

describe('scoreRegion', () => {
  const row = (text: string): Region => ({ size: [text.length, 1, 1], data: Uint8Array.from(text, Number) });

  it('measures in mm where the spacing is known, else in pixels', () => {
    const [found, target] = [row('0110000'), row('0001100')];
    expect(scoreRegion(found, target, [0.5, 1, 1])).toEqual({ dice: 0, iou: 0, hd95: 1, unit: 'mm' });
    expect(scoreRegion(found, target, null)).toEqual({ dice: 0, iou: 0, hd95: 2, unit: 'px' });
  });

  it('gives an answer that found nothing no distance', () => {
    expect(scoreRegion(row('000'), row('010'), null)).toEqual({ dice: 0, iou: 0, hd95: null, unit: 'px' });
  });
});

describe('summarise', () => {
  it('keeps settings and classes apart, and gives classes the same weight in the mean', () => {
    const summary = summarise(
      [
        score({ case: 'a', dice: 0.9 }),
        score({ case: 'b', group: 'b', dice: 0.7 }),
        score({ case: 'a', className: 'tumour', dice: 0.2 }),
        score({ case: 'a', setting: 'bbox-0.75', dice: 1 }),
      ],
      0,
    );
    expect(Object.keys(summary)).toEqual(['1-point', 'bbox-0.75']);
    const { classes, mean } = summary['1-point'];
    expect(Object.keys(classes)).toEqual(['liver', 'tumour']);
    expect(classes.liver).toMatchObject({ n: 2, groups: 2, empty: 0 });
    expect(classes.liver.dice.mean).toBeCloseTo(0.8, 12);
    expect(classes.liver.dice.std).toBeCloseTo(Math.SQRT2 / 10, 12);
    expect(classes.liver.dice.interval).toEqual([0.7, 0.9]);
    expect(classes.tumour.dice).toMatchObject({ mean: 0.2, std: 0, interval: null, n: 1 });
    expect(mean.dice.mean).toBeCloseTo(0.5, 12);
    expect(mean.n).toBe(3);
  });

  it('counts answers that found nothing apart from the distances', () => {
    const rows = [score({ hd95: 2 }), score({ case: 'b', group: 'b', hd95: null, dice: 0 })];
    const { mean } = summarise(rows, 0)['1-point'];
    expect(mean.hd95).toMatchObject({ mean: 2, n: 1, unit: 'mm' });
    expect(mean.empty).toBe(1);
    expect(summarise([rows[1]], 0)['1-point'].mean.hd95).toBeNull();
  });

  it('mixes no millimetres with pixels', () => {
    const rows = [score({}), score({ case: 'b', className: 'tumour', unit: 'px' })];
    const { classes, mean } = summarise(rows, 0)['1-point'];
    expect([classes.liver.hd95?.unit, classes.tumour.hd95?.unit]).toEqual(['mm', 'px']);
    expect(mean.hd95).toBeNull();
  });
});
