import { z } from 'zod';
import { UserError } from '../errors';
import type { DataFolder } from './dataFolder';
import type { ClassValues } from './types';

export const labelsFile = 'labels.json';

const number = z.number().int();
const labelsSchema = z.record(z.string(), z.union([z.string(), number, z.array(number)]));

/**
 * Classes as JSON files write them: {"1": "liver"} (Medical Segmentation Decathlon) or {"liver": 1}, {"whole": [1, 2]}
 * (nnU-Net). Background (0) and regions to ignore are left out.
 * @throws UserError naming the file when it says something else.
 */
export function classesOf(file: string, labels: unknown): ClassValues[] {
  const parsed = labelsSchema.safeParse(labels);
  if (!parsed.success) throw notLabels(file);
  const classes = Object.entries(parsed.data).map(([key, value]): ClassValues => {
    if (typeof value !== 'string') return { name: key, values: typeof value === 'number' ? [value] : value };
    if (!/^-?\d+$/.test(key)) throw notLabels(file);
    return { name: value, values: [Number(key)] };
  });
  const own = classes.filter(({ name, values }) => !/^(background|ignore)$/i.test(name) && !values.includes(0));
  const twice = own.find(({ name }, index) => own.findIndex((other) => other.name === name) !== index);
  if (twice) throw new UserError(`${file}: two labels are called ${twice.name}; give each its own name`, { file });
  if (own.length === 0) throw new UserError(`${file}: "labels" names no class besides the background`, { file });
  return own;
}

const notLabels = (file: string): UserError =>
  new UserError(`${file}: its labels are not like {"1": "liver"} or {"liver": 1}; correct them`, { file });

/** @throws UserError naming the file when it is no JSON object. */
export async function readJson(folder: DataFolder, name: string): Promise<Readonly<Record<string, unknown>>> {
  const file = folder.path(name);
  const text = (await folder.read(name)).toString('utf8').replace(/^\uFEFF/, '');
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? `no JSON${placeIn(text, cause.message)}` : 'no object';
    throw new UserError(`${file} is not the JSON that describes a data set (${reason}): correct it`, { file, cause });
  }
}

/** Where, not what stands there: a run that somebody else made may name any folder as its data. */
function placeIn(text: string, problem: string): string {
  const at = /at position (\d+)/.exec(problem)?.[1];
  return at === undefined ? '' : ` from line ${text.slice(0, Number(at)).split('\n').length} on`;
}

/** Names from `labels.json` or `dataset.json` in the folder; null where there is neither. */
export async function namesBeside(folder: DataFolder): Promise<ClassValues[] | null> {
  if (await folder.has(labelsFile)) {
    const json = await readJson(folder, labelsFile);
    return classesOf(folder.path(labelsFile), json['labels'] ?? json);
  }
  if (!(await folder.has('dataset.json'))) return null;
  const { labels } = await readJson(folder, 'dataset.json');
  return labels === undefined ? null : classesOf(folder.path('dataset.json'), labels);
}
