import { describe, expect, it } from 'vitest';
import { evaluationMarkdown, evaluationSchema } from '../../../src/extension/commands/evaluationMarkdown';

const t = (message: string, ...values: (string | number)[]): string =>
  message.replace(/\{(\d+)\}/g, (_, index: string) => String(values[Number(index)]));

const figures = (dice: number, interval: [number, number] | null) => ({
  n: 4,
  dice: { mean: dice, std: 0.05, interval },
  iou: { mean: 0.6, std: 0.05, interval },
  hd95: { mean: 3.25, std: 1, interval: null, unit: 'mm' },
});

describe('an evaluation as a document', () => {
  const evaluation = evaluationSchema.parse({
    data: '/data/hearts',
    cases: 4,
    model: 'phantom-sam',
    adapters: 'hearts',
    device: 'cpu',
    settings: {
      '1-point': {
        ...figures(0.8, [0.7, 0.9]),
        classes: { left: figures(0.75, null), right: { ...figures(0.85, null), hd95: null } },
      },
      'bbox-0.5': { ...figures(0.9, null), classes: { left: figures(0.9, null) } },
    },
  });
  const lines = evaluationMarkdown('hearts-1', evaluation, t).split('\n');

  it('has a row for each kind of prompt and class, and the mean where there are several', () => {
    expect(lines.filter((line) => line.startsWith('|'))).toEqual([
      '| Prompts | Class | n | Dice | IoU | HD95 (mm) |',
      '| --- | --- | ---: | ---: | ---: | ---: |',
      '| 1-point | left | 4 | 0.750 ± 0.050 | 0.600 ± 0.050 | 3.3 ± 1.0 |',
      '| 1-point | right | 4 | 0.850 ± 0.050 | 0.600 ± 0.050 | – |',
      '| 1-point | mean of classes | 4 | 0.800 ± 0.050 [0.700, 0.900] | 0.600 ± 0.050 [0.700, 0.900] | 3.3 ± 1.0 |',
      '| bbox-0.5 | left | 4 | 0.900 ± 0.050 | 0.600 ± 0.050 | 3.3 ± 1.0 |',
    ]);
  });

  it('says what was measured', () => {
    expect(lines[0]).toBe('# hearts-1 on what it held out');
    expect(lines[2]).toBe('phantom-sam with the adapters of the best epoch, on cpu: 4 cases of `/data/hearts`.');
  });
});
