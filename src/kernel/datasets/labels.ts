import { UserError } from '../errors';
import { readImage, type MedicalImage } from '../imaging';
import { requireSize } from './caseImage';
import { dicomClasses } from './dicomLabels';
import { discCupClassesOf } from './discCup';
import { lazyClass, type ClassVoxels } from './classVoxels';
import { fillOutlines } from './polygons';
import type { Case, CaseImage, LabelSource, Polygons } from './types';

/**
 * Reads all label sources of a case.
 * @throws UserError when a file cannot be read or does not have the image's size.
 */
export async function readClasses(item: Case, image: CaseImage): Promise<ClassVoxels[]> {
  const found: ClassVoxels[] = [];
  for (const source of item.labels) found.push(...(await readSource(source, image)));
  return joined(found, (votes) => votes > 0);
}

async function readSource(source: LabelSource, image: CaseImage): Promise<ClassVoxels[]> {
  switch (source.kind) {
    case 'mask': {
      const labels = await readLabels(source.file, image);
      return [classOf(labels, source.className, isSet)];
    }
    case 'map': {
      const labels = await readLabels(source.file, image);
      return source.classes.map(({ name, values }) => {
        const wanted = new Set(values);
        return classOf(labels, name, (value) => wanted.has(value));
      });
    }
    case 'disc-cup':
      return discCupClassesOf(await readLabels(source.file, image)).filter(({ name }) => source.classes.includes(name));
    case 'polygons':
      return [polygonClass(source, image)];
    case 'dicom':
      return dicomClasses(source, image);
    case 'consensus': {
      const raters: ClassVoxels[] = [];
      for (const rater of source.raters) raters.push(...(await readSource(rater, image)));
      return joined(raters, (votes) => 2 * votes > source.raters.length);
    }
  }
}

async function readLabels(file: string, image: CaseImage): Promise<MedicalImage> {
  const labels = await readImage(file);
  requireSize(labels, image, 'a mask');
  return labels;
}

/** NaN counts as zero. */
const isSet = (value: number): boolean => Math.abs(value) > 0;

/** A pixel in colour belongs to a class when one of its channels does. */
function classOf({ size, channels, voxels }: MedicalImage, name: string, belongs: (value: number) => boolean) {
  const pixels = size[0] * size[1];
  return lazyClass(name, size[2], (k) => {
    const data = new Uint8Array(pixels);
    const first = k * pixels * channels;
    for (let i = 0; i < pixels * channels; i++) {
      if (belongs(voxels[first + i])) data[channels === 1 ? i : Math.floor(i / channels)] = 1;
    }
    return data;
  });
}

/** @throws UserError for a case of several slices: outlines say nothing of depth. */
function polygonClass({ file, className, outlines }: Polygons, { path, size }: CaseImage): ClassVoxels {
  const [width, height, slices] = size;
  if (slices !== 1) {
    throw new UserError(`${file} outlines a picture, but ${path} has ${slices} slices: correct the pair`, { file });
  }
  const mask = fillOutlines(outlines, width, height);
  return lazyClass(className, 1, () => mask);
}

/** Classes of one name become one; each pixel is decided by how many of them hold it. */
function joined(classes: readonly ClassVoxels[], decide: (votes: number) => boolean): ClassVoxels[] {
  const byName = new Map<string, ClassVoxels[]>();
  for (const one of classes) byName.set(one.name, [...(byName.get(one.name) ?? []), one]);
  return [...byName].map(([name, parts]) => {
    if (parts.length === 1 && decide(1)) return parts[0];
    const last = Math.max(-1, ...parts.flatMap((part) => part.slices()));
    return lazyClass(name, last + 1, (k) => {
      const votes = parts[0].slice(k).slice();
      for (const part of parts.slice(1)) part.slice(k).forEach((value, i) => (votes[i] += value));
      return votes.map((count) => (decide(count) ? 1 : 0));
    });
  });
}

export function emptyMask(file: string): UserError {
  return new UserError(`${file} is empty: no pixel belongs to the target; draw the mask or remove its line`, { file });
}

/** The file that a complaint about a source names. */
export const fileOf = (source: LabelSource): string =>
  source.kind === 'consensus' ? fileOf(source.raters[0]) : source.file;

/** Names of the classes that a source may hold. */
export function classNamesOf(source: LabelSource): string[] {
  switch (source.kind) {
    case 'mask':
    case 'polygons':
      return [source.className];
    case 'disc-cup':
    case 'dicom':
      return [...source.classes];
    case 'map':
      return source.classes.map(({ name }) => name);
    case 'consensus':
      return source.raters.flatMap(classNamesOf);
  }
}
