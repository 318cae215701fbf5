import { CancelledError, UserError } from '../errors';
import { labelsFile, namesBeside } from './classNames';
import { isPicture } from './cases';
import { classNamesOf } from './labels';
import type { DataFolder } from './dataFolder';
import type { ReadOptions } from './layouts/layout';
import { defaultClass, type Case, type ClassValues, type Dataset, type LabelSource } from './types';
import { valueIndex } from './valueIndex';

/** A mask file of which it is not known yet what its values stand for. */
export interface UnnamedFile {
  readonly kind: 'unnamed';
  readonly file: string;
}

/** A case as a layout found it. */
export interface Drawn extends Omit<Case, 'labels'> {
  readonly labels: readonly (LabelSource | UnnamedFile)[];
}

/**
 * Decides what the values of mask files stand for. Given classes come first, then `labels.json` in the folder.
 * Else, of a picture, whatever is not zero is the target; of volumes, `dataset.json` in the folder tells, or what the
 * files hold: several values are classes named by their numbers, one is the target.
 * @throws UserError for a volume whose mask holds no whole numbers; CancelledError.
 */
export async function resolveMaps(
  folder: DataFolder,
  cases: readonly Drawn[],
  options: ReadOptions,
): Promise<Pick<Dataset, 'classes' | 'cases'>> {
  const asked = options.classes?.kind === 'values' ? options.classes.classes : null;
  const given = asked ?? ((await folder.has(labelsFile)) ? await namesBeside(folder) : null);
  const mapped = given ?? (await mapOfVolumes(folder, cases, options));
  const resolve = (item: Drawn): Case => {
    const asMap = given !== null || !isPicture(item);
    const labels = item.labels.map((source): LabelSource => {
      if (source.kind !== 'unnamed') return source;
      return asMap && mapped !== null
        ? { kind: 'map', file: source.file, classes: mapped }
        : { kind: 'mask', file: source.file, className: defaultClass };
    });
    return { ...item, labels };
  };
  const resolved = cases.map(resolve);
  return { cases: resolved, classes: [...new Set(resolved.flatMap((item) => item.labels.flatMap(classNamesOf)))] };
}

/** Classes of all volumes together; null where they hold one value only (or there are none). */
async function mapOfVolumes(
  folder: DataFolder,
  cases: readonly Drawn[],
  { onProgress, signal }: ReadOptions,
): Promise<readonly ClassValues[] | null> {
  const files = cases
    .filter((item) => !isPicture(item))
    .flatMap(({ labels }) => labels.flatMap((source) => (source.kind === 'unnamed' ? [source.file] : [])));
  if (files.length === 0) return null;
  const names = await namesBeside(folder);
  if (names !== null) return names;
  const values = new Set<number>();
  let odd: { file: string; oddity: string } | null = null;
  for (const [done, file] of files.entries()) {
    if (signal?.aborted) throw new CancelledError();
    const { values: own, oddity } = await valueIndex(file);
    for (const value of own.keys()) values.add(value);
    if (oddity !== null) odd ??= { file, oddity };
    onProgress?.(done + 1, files.length);
  }
  if (odd !== null) {
    throw new UserError(
      `${odd.file} is no map of labels: it holds ${odd.oddity} where whole numbers stand for classes; ` +
        'save it again as whole numbers',
      { file: odd.file },
    );
  }
  if (values.size < 2) return null;
  return [...values].sort((a, b) => a - b).map((value) => ({ name: String(value), values: [value] }));
}
