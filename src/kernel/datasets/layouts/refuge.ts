import { UserError } from '../../errors';
import { isImageFile, stem, type DataFolder } from '../dataFolder';
import { discCupClasses, isDiscCup } from '../discCup';
import { partOf, roleFiles } from '../roles';
import type { Case, DiscCup, LabelSource } from '../types';
import { valueIndex } from '../valueIndex';
import { isPicture } from '../cases';
import type { Layout } from './layout';
import { leftOut } from './notes';

/** The folder of masks as the challenge calls it. */
const maskFolder = /(^|\/)disc[-_ ]?cup[-_ ]?masks?\//i;
/** Other annotations that stand beside. */
const annotation = /(^|[/ _-])(annotations?|masks?|ground[-_ ]?truth|gt|fovea)([ _-][^/]*)?\//i;
/** What follows the picture's name where several raters drew it. */
const raterSuffix = /[-_](?:rater|expert|annotator|r)?[-_]?\d{1,2}$/i;
/** Masks that are looked into to tell the layout. */
const tried = 3;

/**
 * REFUGE and REFUGE2: fundus pictures, of each a mask in three grey levels (0, 128, 255) for optic disc and cup, found by
 * its name in `Disc_Cup_Masks/`, or in a folder of masks beside one of images. The disc includes the cup. Several masks
 * of one picture (`rater1/`, `_2`) are raters: a pixel belongs where more than half of them say so. Each picture is its
 * own group.
 */
export const refuge: Layout = {
  name: 'refuge',
  mark: 'a folder Disc_Cup_Masks, or masks in the grey levels 0, 128 and 255',
  async matches(folder) {
    const { images, masks, named } = await filesOf(folder);
    if (images.length === 0 || masks.length === 0 || named) return named && images.length > 0;
    for (const mask of masks.slice(0, tried)) {
      if (!isPicture({ images: [mask] })) return false;
      // What cannot be read says so when it is used.
      const index = await valueIndex(folder.path(mask)).catch(() => null);
      if (index !== null && isDiscCup(index.values.keys())) return true;
    }
    return false;
  },
  async read(folder) {
    const { images, masks } = await filesOf(folder);
    const owned = new Map<string, string[]>();
    for (const mask of masks) {
      const image = imageOf(folder, mask, images);
      owned.set(image, [...(owned.get(image) ?? []), mask]);
    }
    if (owned.size === 0) {
      throw new UserError(`${folder.root} is not of the layout "refuge": it needs ${refuge.mark}`, {
        file: folder.root,
      });
    }
    const without = images.filter((image) => !owned.has(image));
    const cases = images.flatMap((image): Case[] => {
      const own = owned.get(image);
      if (own === undefined) return [];
      const part = partOfPath(image);
      const label = labelOf(
        own.map((mask) => ({ kind: 'disc-cup', file: folder.path(mask), classes: discCupClasses })),
      );
      return [{ id: image, group: image, images: [folder.path(image)], labels: [label], ...(part && { part }) }];
    });
    return { classes: discCupClasses, cases, notes: leftOut(without, 'has no mask', 'have no mask') };
  },
};

const labelOf = (raters: readonly DiscCup[]): LabelSource =>
  raters.length === 1 ? raters[0] : { kind: 'consensus', raters };

/** Pictures and masks; `named` where the folder of masks bears the challenge's name. */
async function filesOf(folder: DataFolder): Promise<{ images: string[]; masks: string[]; named: boolean }> {
  const files = (await folder.files()).filter(isImageFile);
  const masks = files.filter((name) => maskFolder.test(name));
  if (masks.length > 0) return { images: files.filter((name) => !annotation.test(name)), masks, named: true };
  const byRole = (role: 'image' | 'mask') =>
    roleFiles(files)
      .filter((file) => file.role === role)
      .map(({ name }) => name);
  return { images: byRole('image'), masks: byRole('mask'), named: false };
}

function imageOf(folder: DataFolder, mask: string, images: readonly string[]): string {
  const exact = images.filter((image) => stem(image) === stem(mask));
  const base = stem(mask).replace(raterSuffix, '');
  const candidates = exact.length > 0 ? exact : images.filter((image) => stem(image) === base);
  const near =
    candidates.length > 1 ? candidates.filter((image) => partOfPath(image) === partOfPath(mask)) : candidates;
  if (near.length === 1) return near[0];
  const what = near.length === 0 ? `no picture is called ${base}` : `${near.join(' and ')} are called so`;
  throw new UserError(`${folder.root}: it is open whose mask ${mask} is: ${what}; rename or remove it`, {
    file: folder.path(mask),
  });
}

/** `REFUGE-Validation400-GT/…` is of the part validation. */
const partOfPath = (name: string) =>
  partOf(
    name
      .split('/')
      .slice(0, -1)
      .flatMap((folder) => folder.split(/[-_]/)),
  );
