import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { CancelledError, UserError } from '../../errors';
import { encodeMaskPng, encodePng, writeVolume } from '../../imaging';
import { pairsFile } from '../layouts/pairs';
import { Random } from '../random';
import { drawPhantom, type Phantom } from './draw';
import { isFamilyName, familyNames, randomFamily, type FamilyName } from './families';
import { writeDicomPhantom } from './dicom';
import { holdsDrawing, type Drawing, writeDrawing } from './drawing';
import { drawVolume, isVolumeFamily, volumeFamilies } from './volume';

export interface WritePhantomsOptions {
  /** The folder to make; it may exist if it is empty, or holds what the same options have drawn. */
  readonly out: string;
  readonly kind?: '2d' | 'volume';
  /** Of volumes: NIfTI (default), or DICOM series with segmentations. */
  readonly format?: 'nifti' | 'dicom';
  /** Default: for pictures a pre-training family per subject, for volumes `ct`. */
  readonly family?: string;
  /** Pictures or volumes. Default 24. */
  readonly count?: number;
  readonly seed?: number;
  /** Width and height in pixels. Default 256, volumes 128. */
  readonly size?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface WrittenPhantoms {
  readonly folder: string;
  readonly count: number;
  readonly subjects: number;
}

/** Pictures of one subject: enough that a split by group is not a split by picture. */
const picturesPerSubject = 4;
const slicesPerVolume = 16;
/** A drawing may hide its own target; this many in a row is a fault of the family. */
const attempts = 50;

/** One line of the table. */
interface Pair {
  readonly image: string;
  readonly mask: string;
  readonly group: string;
}

/**
 * Draws a data set into a folder of the layout `pairs`: images/, masks/ and pairs.csv; of DICOM, of the layout `dicom`. The
 * same options give the same images, and a folder that they have drawn already is left as it is. It appears when all is
 * written, or not at all.
 * @throws UserError for a folder that holds something else, an unknown family, or a count or size out of range.
 */
export async function writePhantoms(options: WritePhantomsOptions): Promise<WrittenPhantoms> {
  const { kind = '2d', format = 'nifti', count = 24, seed = 1, size = kind === '2d' ? 256 : 128 } = options;
  const folder = path.resolve(options.out);
  checkWhole('count', count, 1, 100_000);
  checkWhole('size', size, 32, 4096);
  if (kind === '2d' && format === 'dicom') {
    throw new UserError('pictures are drawn as PNG: choose volumes (kind "volume") for DICOM');
  }
  const draw = kind === '2d' ? picturesOf(options.family, seed, size) : volumesOf(options.family, seed, size, format);
  const drawing: Drawing = { kind, format, family: options.family ?? null, count, seed, size };
  const written = { folder, count, subjects: kind === '2d' ? Math.ceil(count / picturesPerSubject) : count };
  if (await holdsDrawing(folder, drawing)) return written;
  await refuseExisting(folder);
  const partial = `${folder}.partial-${randomBytes(4).toString('hex')}`;
  try {
    await fs.mkdir(partial, { recursive: true });
    if (format === 'nifti') for (const name of ['images', 'masks']) await fs.mkdir(path.join(partial, name));
    const pairs: Pair[] = [];
    for (let index = 0; index < count; index++) {
      if (options.signal?.aborted) throw new CancelledError();
      const pair = await draw(partial, index);
      if (pair !== null) pairs.push(pair);
      options.onProgress?.(index + 1, count);
    }
    const table = pairs.map(({ image, mask, group }) => `${image},${mask},${group}\n`).join('');
    if (format === 'nifti') await fs.writeFile(path.join(partial, pairsFile), `image,mask,group\n${table}`);
    await writeDrawing(partial, drawing);
    // Not every system renames over an empty folder.
    await fs.rmdir(folder).catch(() => undefined);
    await fs.rename(partial, folder);
    return written;
  } catch (cause) {
    await fs.rm(partial, { recursive: true, force: true });
    if (cause instanceof UserError || cause instanceof CancelledError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`${folder} could not be written (${reason}): choose another place`, { file: folder, cause });
  }
}

/** Draws one pair, writes its files under the folder and returns its line of the table; null for DICOM, which needs none. */
type Draw = (folder: string, index: number) => Promise<Pair | null>;

function picturesOf(family: string | undefined, seed: number, size: number): Draw {
  if (family !== undefined && !isFamilyName(family)) throw unknownFamily(family, familyNames);
  const random = new Random(seed);
  return async (folder, index) => {
    const subject = Math.floor(index / picturesPerSubject);
    const subjectRandom = random.fork(`subject ${subject}`);
    const phantom = drawWithTarget(
      random.fork(`picture ${index}`),
      family ?? randomFamily(subjectRandom),
      subjectRandom.bits() >>> 0,
      size,
    );
    const pair = names(index, 'png', subject);
    await fs.writeFile(path.join(folder, pair.image), await encodePng(phantom.image));
    await fs.writeFile(path.join(folder, pair.mask), await encodeMaskPng(phantom.target));
    return pair;
  };
}

function drawWithTarget(
  random: Random,
  family: FamilyName,
  subject: number,
  size: number,
): Phantom & { target: NonNullable<Phantom['target']> } {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const phantom = drawPhantom(random, { width: size, height: size, family, subject });
    if (phantom.target) return { ...phantom, target: phantom.target };
  }
  throw new Error(`the family ${family} draws no target at ${size} pixels`);
}

function volumesOf(family: string | undefined, seed: number, size: number, format: 'nifti' | 'dicom'): Draw {
  if (family !== undefined && !isVolumeFamily(family)) throw unknownFamily(family, volumeFamilies);
  const random = new Random(seed);
  return async (folder, index) => {
    const shape = { width: size, height: size, slices: slicesPerVolume, family };
    const phantom = drawVolume(random.fork(`volume ${index}`), shape);
    const pair = names(index, 'nii.gz', index);
    if (format === 'dicom') {
      await writeDicomPhantom(path.join(folder, path.basename(pair.image, '.nii.gz')), phantom, pair.group, seed);
      return null;
    }
    await writeVolume(path.join(folder, pair.image), phantom.image);
    await writeVolume(path.join(folder, pair.mask), phantom.mask);
    return pair;
  };
}

function names(index: number, extension: string, subject: number): Pair {
  const number = String(index + 1).padStart(4, '0');
  return {
    image: `images/phantom-${number}.${extension}`,
    mask: `masks/phantom-${number}.${extension}`,
    group: `subject-${String(subject + 1).padStart(4, '0')}`,
  };
}

async function refuseExisting(folder: string): Promise<void> {
  const entries = await fs.readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new UserError(`${folder} is not a folder that can be used: choose another one`, {
      file: folder,
      cause: error,
    });
  });
  if (entries.length > 0) {
    throw new UserError(`${folder} is not empty: choose a new folder, or remove it first`, { file: folder });
  }
}

function checkWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new UserError(`the ${name} of phantoms is ${value}: choose a whole number from ${least} to ${most}`);
  }
}

function unknownFamily(name: string, known: readonly string[]): UserError {
  return new UserError(`there is no family "${name}" of such phantoms: choose one of ${known.join(', ')}`);
}
