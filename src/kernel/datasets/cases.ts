import { CancelledError } from '../errors';
import { formatFamily, hasKnownExtension } from '../imaging/formats';
import { readCaseImage } from './caseImage';
import type { ClassVoxels } from './classVoxels';
import { emptyMask, fileOf, readClasses } from './labels';
import type { Case, LabelSource, LoadedCase, Sample } from './types';
import { valueIndex } from './valueIndex';

/** A case whose masks are made when they are asked for. */
export interface OpenCase extends Omit<LoadedCase, 'masks'> {
  readonly classes: readonly ClassVoxels[];
}

/** @throws UserError when a file cannot be read or the sizes of image and masks differ (it names both). */
export async function openCase(item: Case): Promise<OpenCase> {
  const read = await readCaseImage(item);
  return { ...read, classes: await readClasses(item, read.image) };
}

/**
 * Reads a whole case, all slices and the masks of the classes asked for (default: all).
 * @throws UserError when a file cannot be read, sizes differ, or a picture's masks are empty.
 */
export async function loadCase(item: Case, { classes }: { classes?: readonly string[] } = {}): Promise<LoadedCase> {
  const { image, windows, classes: found } = await openCase(item);
  if (image.size[2] === 1) requireAny(item, found);
  const masks = new Map<string, Uint8Array>();
  const pixels = image.size[0] * image.size[1];
  for (const one of found) {
    if (classes?.includes(one.name) === false || one.slices().length === 0) continue;
    const mask = new Uint8Array(pixels * image.size[2]);
    for (const k of one.slices()) mask.set(one.slice(k), k * pixels);
    masks.set(one.name, mask);
  }
  return { image, windows, masks };
}

function requireAny(item: Case, classes: readonly ClassVoxels[]): void {
  if (classes.every((one) => one.slices().length === 0)) throw emptyMask(fileOf(item.labels[0]));
}

export interface SamplesOptions {
  /** Only these classes. */
  readonly classes?: readonly string[];
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Every slice on which a class can be seen, case by case and in the order of the slices. A picture has slice 0; masks
 * of pictures with one class each are not read for that.
 * @throws UserError when a mask cannot be read, or a picture's masks are empty; CancelledError.
 */
export async function samplesOf(cases: readonly Case[], options: SamplesOptions = {}): Promise<Sample[]> {
  const { classes, onProgress, signal } = options;
  const samples: Sample[] = [];
  for (const [index, item] of cases.entries()) {
    if (signal?.aborted) throw new CancelledError();
    const found = [...(await classSlices(item))].filter(([name]) => classes?.includes(name) ?? true);
    const ofCase = found.flatMap(([className, slices]) => slices.map((slice) => ({ case: item, className, slice })));
    samples.push(...ofCase.sort((a, b) => a.slice - b.slice));
    onProgress?.(index + 1, cases.length);
  }
  return samples;
}

/**
 * On which slices each class of a case can be seen; classes that the case lacks have none. Of a picture whose classes
 * have a mask each, `look: false` believes that they show something, without reading them.
 * @throws UserError when a mask cannot be read, or (unless `look`) a picture's masks are all empty.
 */
export async function classSlices(
  item: Case,
  { look = false }: { look?: boolean } = {},
): Promise<Map<string, readonly number[]>> {
  const picture = isPicture(item);
  const single = item.labels.flatMap((source) =>
    source.kind === 'mask' || source.kind === 'polygons' ? [source.className] : [],
  );
  if (!look && picture && single.length === item.labels.length) return new Map(single.map((name) => [name, [0]]));
  const found =
    (await indexedCase(item)) ?? (await openCase(item)).classes.map((one) => [one.name, one.slices()] as const);
  const joined = new Map<string, readonly number[]>();
  for (const [name, slices] of found) {
    const all = new Set([...(joined.get(name) ?? []), ...slices]);
    joined.set(
      name,
      [...all].sort((a, b) => a - b),
    );
  }
  const isEmpty = [...joined.values()].every((slices) => slices.length === 0);
  if (!look && picture && isEmpty) throw emptyMask(fileOf(item.labels[0]));
  return joined;
}

/** From the label files alone; null where they do not tell. */
async function indexedCase({ labels }: Case): Promise<(readonly [string, readonly number[]])[] | null> {
  const parts: (readonly [string, readonly number[]])[] = [];
  for (const source of labels) {
    const known = await indexedSlices(source);
    if (known === null) return null;
    parts.push(...known);
  }
  return parts;
}

async function indexedSlices(source: LabelSource): Promise<[string, readonly number[]][] | null> {
  switch (source.kind) {
    case 'mask':
      return [[source.className, (await valueIndex(source.file)).nonZero]];
    case 'map': {
      const { values } = await valueIndex(source.file);
      return source.classes.map(({ name, values: own }) => [
        name,
        [...new Set(own.flatMap((value) => values.get(value) ?? []))].sort((a, b) => a - b),
      ]);
    }
    case 'disc-cup':
    case 'polygons':
    case 'dicom':
    case 'consensus':
      return null;
  }
}

/** Whether all that a case names has one slice for sure; a TIFF may have pages. */
export const isPicture = ({ images }: Pick<Case, 'images'>): boolean =>
  images.every((file) => hasKnownExtension(file) && formatFamily(file) === 'raster' && !/\.tiff?$/i.test(file));
