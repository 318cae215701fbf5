import { readModel } from '../../inference';
import { samConfigs, type SamConfig } from '../../sam/config';
import { tableLines } from '../table';
import { millions, parameterCounts, type TrainableCount } from './parameters';
import type { DoctorReport } from './report';

const published: Readonly<Record<string, SamConfig>> = samConfigs;

/** What is counted: a published size by its name, without any file, or else a model's name or file. */
async function sizesOf(nameOrFile: string): Promise<{ name: string; file: string | null; config: SamConfig }> {
  if (Object.hasOwn(published, nameOrFile)) return { name: nameOrFile, file: null, config: published[nameOrFile] };
  return readModel(nameOrFile);
}

/**
 * Parameters of a model, and what of it each way of training trains.
 * @throws UserError when it is no published size and its file is missing or does not fit
 */
export async function modelReport(nameOrFile: string): Promise<DoctorReport> {
  const { name, file, config } = await sizesOf(nameOrFile);
  const counts = parameterCounts(config);
  return {
    result: { model: name, file, imageSize: config.imageSize, ...counts },
    lines: [
      `model ${name}: ${config.imageSize} px, ${millions(counts.parameters)} parameters (${listed(counts.parts)})`,
      ...tableLines([['trains with', 'parameters', 'share', 'of which'], ...counts.trainable.map(cells)], [0, 3]),
    ],
    healthy: true,
  };
}

const cells = ({ options, parameters, share, kinds }: TrainableCount): string[] => [
  options,
  millions(parameters),
  `${(100 * share).toFixed(2)} %`,
  listed(kinds),
];

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([kind, count]) => `${kind} ${millions(count)}`)
    .join(', ');
