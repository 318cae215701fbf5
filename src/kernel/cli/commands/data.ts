import { describeDataset, inspectDataset, openDataset, type DatasetDescription } from '../../datasets';
import { command, exitCodes, json } from '../command';
import { classes, layout } from '../commonOptions';
import { flag } from '../options';
import { tableLines } from '../table';

/** med-sa data */
export const data = command(
  {
    name: 'data',
    summary: 'Tell what a data set holds: layout, cases, patients, classes, and what is wrong with it.',
    operands: [{ name: 'DIR', description: 'Folder of images with masks' }],
    options: {
      layout,
      classes,
      quick: flag('Do not read the masks: quicker, but empty ones are not found and counts are of what may be'),
      json,
    },
    notes: ['Layouts that are recognised: docs/data.md. What med-sa train would learn on: med-sa train --data DIR'],
  },
  async ({ values, operands: [folder], output, interrupts: { signal } }) => {
    const dataset = await openDataset(folder, {
      layout: values.layout,
      classes: values.classes,
      signal,
      onProgress: (...at) => output.progress('masks opened', ...at),
    });
    const described = values.quick
      ? describeDataset(dataset)
      : await inspectDataset(dataset, { signal, onProgress: (...at) => output.progress('masks read', ...at) });
    output.result({ ...described }, reportLines(described));
    return exitCodes.success;
  },
);

function reportLines({ classes: found, notes, warnings, ...described }: DatasetDescription): string[] {
  const { folder, layout: name, cases, pictures, groups, modalities, parts } = described;
  const kind =
    pictures === cases ? plural(cases, 'picture') : pictures === 0 ? plural(cases, 'volume') : `${cases} cases`;
  const heading = [
    `${folder}: layout ${name}, ${kind} of ${plural(groups, 'group')}`,
    ...(modalities > 1 ? [`${modalities} modalities each`] : []),
    ...(parts
      ? [
          Object.entries(parts)
            .map(([part, count]) => `${count} ${part}`)
            .join(' + '),
        ]
      : []),
  ].join(', ');
  const rows = found.map((one) => [one.name, String(one.cases), ...(one.slices === null ? [] : [String(one.slices)])]);
  const counted = found.some(({ slices }) => slices !== null);
  return [
    heading,
    ...tableLines([['class', counted ? 'cases' : 'cases at most', ...(counted ? ['slices'] : [])], ...rows]),
    ...notes.map((note) => `note: ${note}`),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
