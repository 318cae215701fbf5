import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CurveName, CurveTable } from '../../../src/protocol';
import { palettes } from '../../../webview/training/colours';
import { csvOf } from '../../../webview/training/csv';
import { aligned, pointsToDraw } from '../../../webview/training/downsample';
import { classesOf, figuresOf } from '../../../webview/training/figures';
import { durationText, numberText } from '../../../webview/training/numberText';
import { Points } from '../../../webview/training/points';
import { RunCurves, savedTables } from '../../../webview/training/runCurves';
import { Average } from '../../../webview/training/smoothing';
import { apart, contrast } from './colourVision';

const pointsOf = (values: readonly number[], stride = 1, limit?: number): Points => {
  const points = new Points(limit);
  values.forEach((value, index) => points.append(1 + index * stride, value));
  return points;
};
const valuesOf = (points: Points): number[] => Array.from({ length: points.length }, (_, index) => points.value(index));
const table = (name: CurveName, steps: number[], values: (number | null)[]): CurveTable => ({
  steps,
  curves: [{ name, values }],
});

describe('the points of a long curve that are drawn', () => {
  const curve = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 3000 });

  it('are few, in order, and keep the lowest and the highest of every stretch', () => {
    fc.assert(
      fc.property(
        curve,
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 9 }),
        (values, columns, stride) => {
          const points = pointsOf(values, stride);
          const to = points.step(points.length - 1);
          const drawn = pointsToDraw(points, { from: 1, to }, columns);
          expect(drawn.length).toBeLessThanOrEqual(2 * columns + 2);
          expect(drawn.every((index, at) => at === 0 || index > drawn[at - 1])).toBe(true);
          const kept = drawn.map((index) => values[index]);
          expect(Math.min(...kept)).toBe(Math.min(...values));
          expect(Math.max(...kept)).toBe(Math.max(...values));
          // Every stretch for itself, found another way: by the column that each step falls in.
          const column = (index: number) => Math.min(columns - 1, Math.floor((index * stride) / ((to - 1) / columns)));
          const stretches = new Map<number, number[]>();
          values.forEach((value, index) => {
            const at = column(index);
            stretches.set(at, [...(stretches.get(at) ?? []), value]);
          });
          if (values.length > 2 * columns && stretches.size < 60) {
            for (const [at, inside] of stretches) {
              const shown = drawn.filter((index) => Math.abs(column(index) - at) <= 1).map((index) => values[index]);
              expect(Math.max(...shown)).toBeGreaterThanOrEqual(Math.max(...inside));
              expect(Math.min(...shown)).toBeLessThanOrEqual(Math.min(...inside));
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('of a part of the run, run to its edges', () => {
    const points = pointsOf(Array.from({ length: 1000 }, (_, index) => index));
    const drawn = pointsToDraw(points, { from: 300, to: 400 }, 500).map((index) => points.step(index));
    expect([drawn[0], drawn[1], drawn.at(-2), drawn.at(-1)]).toEqual([299, 300, 400, 401]);
  });

  it('share their steps, with gaps where a curve has none, and without what no logarithm has', () => {
    const one = pointsOf([0.1, 0, 0.3], 10);
    const two = pointsOf([0.5, 0.7], 5);
    const curves = [
      { points: one, indices: [0, 1, 2] },
      { points: two, indices: [0, 1] },
    ];
    expect(aligned(curves, false)).toEqual([
      [1, 6, 11, 21],
      [0.1, null, 0, 0.3],
      [0.5, 0.7, null, null],
    ]);
    expect(aligned(curves, true)[1]).toEqual([0.1, null, null, 0.3]);
  });
});

describe('the points that a page keeps', () => {
  it('stay within their limit, with the lowest and the highest among them', () => {
    const values = Array.from({ length: 10_000 }, (_, index) => Math.sin(index * 12.9898) * 43758.5453);
    values[1234] = 1e6;
    values[7777] = -1e6;
    const points = pointsOf(values, 1, 1000);
    expect(points.length).toBeLessThanOrEqual(1000);
    expect(valuesOf(points)).toEqual(expect.arrayContaining([1e6, -1e6]));
    expect(points.step(points.length - 1)).toBe(10_000);
  });

  it('are found by their step, and forgotten from a step on', () => {
    const points = pointsOf([5, 6, 7, 8], 10);
    expect([points.valueAt(0), points.valueAt(1), points.valueAt(20), points.valueAt(99)]).toEqual([null, 5, 6, 8]);
    points.dropFrom(21);
    expect([points.length, points.valueAt(99)]).toEqual([2, 6]);
  });
});

describe('smoothing', () => {
  it('is not pulled towards zero by its start, and follows a curve that grows or is cut', () => {
    const points = pointsOf(Array.from({ length: 50 }, () => 2));
    const average = new Average(points, 0.9);
    for (const value of valuesOf(average.follow())) expect(value).toBeCloseTo(2, 12);
    points.append(60, 12);
    expect(average.follow().valueAt(60)).toBeCloseTo(2 + 10 * (0.1 / (1 - 0.9 ** 51)), 10);
    points.dropFrom(60);
    points.append(60, 2);
    expect(average.follow().valueAt(60)).toBeCloseTo(2, 12);
    expect(average.follow().length).toBe(51);
  });
});

describe('the curves of a run', () => {
  it('are replaced from the step that a resumed run repeats, and begin anew when told so', () => {
    const curves = new RunCurves();
    curves.apply([table({ quantity: 'loss' }, [1, 2, 3], [0.9, 0.8, 0.7])], true);
    curves.apply([table({ quantity: 'loss' }, [2, 3, 4], [0.85, 0.75, null])], false);
    expect(valuesOf(curves.list()[0].points)).toEqual([0.9, 0.85, 0.75]);
    curves.apply([table({ quantity: 'loss' }, [1], [1])], true);
    expect(curves.list().map(({ points }) => valuesOf(points))).toEqual([[1]]);
  });

  it('are read from outputs of version 0.1 too', () => {
    const old = { run: '/r', name: 'r', status: 'done', message: null, epochs: 1, epoch: 1, bestDice: 0.5 } as const;
    const tables = savedTables({ ...old, loss: [[1, 0.5]], dice: { '1-point': [[1, 0.6]] } });
    expect(tables.map(({ curves }) => curves[0].name)).toEqual([
      { quantity: 'loss' },
      { quantity: 'dice', setting: '1-point', class: null },
    ]);
  });
});

describe('the figures', () => {
  const runOf = (name: string) => {
    const curves = new RunCurves();
    const scores = [null, 'heart', 'lung'].map((each) => ({
      name: { quantity: 'dice' as const, setting: '1-point', class: each },
      values: [0.5],
    }));
    curves.apply([table({ quantity: 'loss' }, [1], [1]), { steps: [1], curves: scores }], true);
    curves.apply([table({ quantity: 'loss', part: 'dice' }, [1], [0.5])], false);
    return { name, curves };
  };
  const labels = (runs: ReturnType<typeof runOf>[], kind: 'mean' | 'every') =>
    figuresOf(runs, { smoothing: 0, classes: { kind } }).map(({ id, lines }) => [id, lines.map(({ label }) => label)]);

  it('show means or classes, and leave out what no run tells of', () => {
    const runs = [runOf('a')];
    expect(classesOf(runs)).toEqual(['heart', 'lung']);
    expect(labels(runs, 'mean')).toEqual([
      ['loss', ['loss', 'dice']],
      ['dice', ['1-point']],
    ]);
    expect(labels(runs, 'every')[1]).toEqual(['dice', ['heart, 1-point', 'lung, 1-point']]);
  });

  it('of several runs give each run a colour and each curve a pattern', () => {
    const [loss] = figuresOf([runOf('a'), runOf('b')], { smoothing: 0.5, classes: { kind: 'mean' } });
    expect(loss.lines.map(({ label, hue, pattern, extra }) => [label, hue, pattern, extra])).toEqual([
      ['a · loss', 0, 0, false],
      ['a · dice', 0, 1, true],
      ['b · loss', 1, 0, false],
      ['b · dice', 1, 1, true],
    ]);
    expect(new Set(loss.lines.map(({ id }) => id)).size).toBe(4);
  });

  it('as CSV hold every point once', () => {
    expect(csvOf([runOf('a'), { ...runOf('with, comma "b"') }]).split('\r\n')).toEqual([
      'run,step,loss,loss dice,dice 1-point,"dice heart, 1-point","dice lung, 1-point"',
      'a,1,1,0.5,0.5,0.5,0.5',
      '"with, comma ""b""",1,1,0.5,0.5,0.5,0.5',
      '',
    ]);
  });
});

describe('colours of lines', () => {
  it.each([
    ['dark', '#1f1f1f'],
    ['dark', '#000000'],
    ['light', '#ffffff'],
  ] as const)('of the %s palette stand out from %s', (name, background) => {
    for (const colour of palettes[name]) expect(contrast(colour, background), colour).toBeGreaterThanOrEqual(3);
  });

  it.each(['dark', 'light'] as const)(
    'of the %s palette are told apart without red, green or blue receptors',
    (name) => {
      // The first five: further ones differ by their pattern as well.
      const colours = palettes[name].slice(0, 5);
      for (const [index, one] of colours.entries())
        for (const other of colours.slice(index + 1)) expect(apart(one, other), `${one} ${other}`).toBeGreaterThan(10);
    },
  );
});

describe('figures as text', () => {
  it('are short and true', () => {
    expect([0, 0.42131, 12.5, 0.0001, 1.234e-7, 123456, -3].map(numberText)).toEqual([
      '0',
      '0.4213',
      '12.5',
      '1e-4',
      '1.23e-7',
      '1.23e5',
      '-3',
    ]);
    expect([0.2, 50, 240, 7500].map(durationText)).toEqual(['1 s', '50 s', '4 min', '2 h 5 min']);
  });
});
