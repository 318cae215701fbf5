import type { Score } from './scores';

/** One line of comma-separated values (RFC 4180); null is an empty field. */
export function csvLine(fields: readonly (string | number | null)[]): string {
  return fields.map(field).join(',') + '\n';
}

function field(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A table of single answers, one line each, with a heading. */
export const scoresCsv = (scores: readonly Score[]): string =>
  [
    csvLine(['case', 'group', 'class', 'setting', 'dice', 'iou', 'hd95', 'unit']),
    ...scores.map((score) =>
      csvLine([
        score.case,
        score.group,
        score.className,
        score.setting,
        score.dice,
        score.iou,
        score.hd95,
        score.hd95 === null ? null : score.unit,
      ]),
    ),
  ].join('');
