import { describe, expect, it } from 'vitest';
import { compareMetric, csvLine, scoresCsv, type Score } from '../../../src/kernel/evaluation';

const score = (name: string, dice: number, given: Partial<Score> = {}): Score => ({
  case: name,
  group: name,
  className: 'disc',
  setting: '1-point',
  dice,
  iou: dice / (2 - dice),
  hd95: 3,
  unit: 'px',
  ...given,
});

describe('compareMetric', () => {
  const frozen = ['a', 'b', 'c', 'd'].map((name, index) => score(name, 0.1 + 0.2 * index));
  const better = frozen.map((each) => ({ ...each, dice: each.dice + 0.05 }));

  it('pairs answers: a difference that is the same everywhere is certain, however far the images differ', () => {
    const metric = compareMetric([better], [frozen], 'dice', 0)!;
    expect(metric.mean).toBeCloseTo(0.45, 12);
    expect(metric.interval![1] - metric.interval![0]).toBeGreaterThan(0.2);
    expect(metric.difference!.mean).toBeCloseTo(0.05, 12);
    expect(metric.difference!.interval![0]).toBeCloseTo(0.05, 12);
    expect(metric.difference!.interval![1]).toBeCloseTo(0.05, 12);
    expect(compareMetric([frozen], null, 'dice', 0)!.difference).toBeNull();
  });

  it('averages seeds answer by answer, and tells how far their means lie apart', () => {
    const seeds = [frozen, better].map((scores) => scores.slice(0, 2));
    const metric = compareMetric(seeds, null, 'dice', 0)!;
    expect(metric).toMatchObject({ n: 2, mean: expect.closeTo(0.225, 12) });
    expect(metric.seedStd).toBeCloseTo(0.05 / Math.SQRT2, 12);
    expect(compareMetric([frozen], null, 'dice', 0)!.seedStd).toBeNull();
  });

  it('compares distances where both have one', () => {
    const far = frozen.map((each, index) => ({ ...each, hd95: index === 0 ? null : 10 }));
    const metric = compareMetric([frozen], [far], 'hd95', 0)!;
    expect(metric.difference).toMatchObject({ mean: -7, n: 3 });
    const nothing = frozen.map((each) => ({ ...each, hd95: null }));
    expect(compareMetric([nothing], [far], 'hd95', 0)).toBeNull();
    expect(compareMetric([frozen], [nothing], 'hd95', 0)!.difference).toBeNull();
    const mixed = [...frozen, score('e', 1, { unit: 'mm' })];
    expect(compareMetric([mixed], null, 'hd95', 0)).toBeNull();
  });
});

describe('csv', () => {
  it('quotes what a reader would split, and leaves unknown fields empty', () => {
    expect(csvLine(['a,b', 'say "x"', 1.5, null])).toBe('"a,b","say ""x""",1.5,\n');
    expect(scoresCsv([score('a', 0.5, { hd95: null }), score('b', 1, { hd95: 0, unit: 'mm' })])).toBe(
      'case,group,class,setting,dice,iou,hd95,unit\n' +
        'a,a,disc,1-point,0.5,0.3333333333333333,,\n' +
        'b,b,disc,1-point,1,1,0,mm\n',
    );
  });
});
