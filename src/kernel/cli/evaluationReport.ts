import type { Estimate, ScoreSummary, SettingSummary } from '../evaluation';
import type { EvaluationProgress } from '../inference/evaluate';
import type { Output } from './output';
import { tableLines } from './table';

/** Tells how many images are measured, and how far a volume has come. */
export const caseProgress =
  (output: Output, label: string) =>
  ({ done, total, slice, slices }: EvaluationProgress): void =>
    output.progress(slices === 1 ? label : `${label}, slice ${slice}/${slices}`, done, total);

type Summaries = Readonly<Record<string, SettingSummary>>;

/** By prompt setting: the figures over the classes, and beside them each class's own. */
export const settingsJson = (summaries: Summaries): Record<string, object> =>
  Object.fromEntries(Object.entries(summaries).map(([name, { mean, classes }]) => [name, { ...mean, classes }]));

/** A table with a line per prompt setting and class, the mean over several classes last; and what it leaves open. */
export function evaluationLines(summaries: Summaries): string[] {
  const rows = Object.entries(summaries).flatMap(([setting, { classes, mean }]) => {
    const single = Object.entries(classes).map(([name, figures]) => line(setting, name, figures));
    return single.length > 1 ? [...single, line(setting, 'mean of classes', mean)] : single;
  });
  const means = Object.values(summaries).map(({ mean }) => mean);
  const unit = means.flatMap(({ hd95 }) => hd95?.unit ?? [])[0];
  const heading = [
    'prompts',
    'class',
    'n',
    'Dice',
    'IoU',
    `HD95${unit === undefined ? '' : ` (${unit})`}`,
    'nothing found',
  ];
  return [
    ...tableLines([heading, ...rows], [0, 1]),
    `mean ± standard deviation [95 % bootstrap interval over ${means[0].groups} groups]`,
    ...(means[0].groups === 1 ? ['one group only: nothing tells how much another would differ'] : []),
  ];
}

const line = (setting: string, className: string, { n, dice, iou, hd95, empty }: ScoreSummary): string[] => [
  setting,
  className,
  String(n),
  shown(dice, 4),
  shown(iou, 4),
  hd95 === null ? '–' : shown(hd95, 2),
  String(empty),
];

const shown = ({ mean, std, interval }: Estimate, digits: number): string =>
  `${mean.toFixed(digits)} ± ${std.toFixed(digits)}` +
  (interval === null ? '' : ` [${interval.map((end) => end.toFixed(digits)).join(', ')}]`);
