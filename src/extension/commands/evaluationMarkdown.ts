import { z } from 'zod';
import type { Translate } from '../l10n';

const estimateSchema = z.object({
  mean: z.number(),
  std: z.number(),
  interval: z.tuple([z.number(), z.number()]).nullable(),
});
const figuresSchema = z.object({
  n: z.number(),
  dice: estimateSchema,
  iou: estimateSchema,
  hd95: estimateSchema.extend({ unit: z.string() }).nullable(),
});

/** What `med-sa evaluate --json` prints. */
export const evaluationSchema = z.object({
  data: z.string(),
  cases: z.number(),
  model: z.string(),
  adapters: z.string().nullable(),
  device: z.string(),
  settings: z.record(z.string(), figuresSchema.extend({ classes: z.record(z.string(), figuresSchema) })),
});
export type Evaluation = z.infer<typeof evaluationSchema>;

/** A table of a row per kind of prompt and class, as a document. */
export function evaluationMarkdown(run: string, evaluation: Evaluation, t: Translate): string {
  const { data, cases, model, device, settings } = evaluation;
  const rows = Object.entries(settings).flatMap(([setting, { classes, ...mean }]) => {
    const each = Object.entries(classes).map(([name, figures]) => row(setting, name, figures));
    return each.length > 1 ? [...each, row(setting, t('mean of classes'), mean)] : each;
  });
  const unit = Object.values(settings).flatMap(({ hd95 }) => hd95?.unit ?? [])[0];
  const head = [t('Prompts'), t('Class'), 'n', 'Dice', 'IoU', `HD95${unit === undefined ? '' : ` (${unit})`}`];
  return [
    `# ${t('{0} on what it held out', run)}`,
    '',
    t('{0} with the adapters of the best epoch, on {1}: {2} cases of {3}.', model, device, cases, `\`${data}\``),
    '',
    line(head),
    line(head.map((_, index) => (index < 2 ? '---' : '---:'))),
    ...rows.map(line),
    '',
    t('Mean ± standard deviation, with the 95 % bootstrap interval over patients where there are several.'),
    '',
  ].join('\n');
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

type Figures = z.infer<typeof figuresSchema>;

const row = (setting: string, name: string, { n, dice, iou, hd95 }: Figures): string[] => [
  setting,
  name,
  String(n),
  shown(dice, 3),
  shown(iou, 3),
  hd95 === null ? '–' : shown(hd95, 1),
];

const shown = ({ mean, std, interval }: z.infer<typeof estimateSchema>, digits: number): string =>
  `${mean.toFixed(digits)} ± ${std.toFixed(digits)}` +
  (interval === null ? '' : ` [${interval.map((end) => end.toFixed(digits)).join(', ')}]`);
