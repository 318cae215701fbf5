import { UserError } from '../../errors';
import type { DataFolder } from '../dataFolder';
import { resolveMaps, type Drawn, type UnnamedFile } from '../labelMaps';
import { roleFiles, type RoleFile } from '../roles';
import type { MaskFile } from '../types';
import type { Layout } from './layout';
import { leftOut } from './notes';

/** Endings of mask files that say nothing but that they are masks. */
const plainSuffix = /^(mask|masks|label|labels|seg|segmentation|gt|ground[-_]?truth|annotation|manual)$/i;

/** Endings of image files that say nothing but that they are images. */
const imageSuffix = /[-_](image|img)$/i;

/**
 * A folder of images and one of masks, found by their names (`images/`, `masks/`, `labels/`, imagesTr, …), with parts
 * (`train/`, `val/`) above or below them. A mask belongs to the image of its place whose name it has, or begins with:
 * `a_mask.png` is the mask of `a.png`, `a_liver.png` that of its class `liver`. A folder below, other than a part, is a
 * group; else each image is its own.
 */
export const folders: Layout = {
  name: 'folders',
  mark: 'a folder images/ and a folder masks/ or labels/ with files of the same names',
  async matches(folder) {
    const files = roleFiles(await folder.files());
    return ['image', 'mask'].every((role) => files.some((file) => file.role === role));
  },
  async read(folder, options) {
    const files = roleFiles(await folder.files());
    const images = files.filter(({ role }) => role === 'image');
    const masks = files.filter(({ role }) => role === 'mask');
    requireOneRoleFolder(folder, images);
    requireOneRoleFolder(folder, masks);
    const masksOf = assign(folder, images, masks);
    const cases = images.flatMap((image): Drawn[] => {
      const own = masksOf.get(image);
      return own === undefined ? [] : [drawn(folder, image, own)];
    });
    if (cases.length === 0) {
      throw new UserError(`${folder.root}: no mask has the name of an image; give both the same names`, {
        file: folder.root,
      });
    }
    const without = images.filter((image) => !masksOf.has(image)).map(({ name }) => name);
    return { ...(await resolveMaps(folder, cases, options)), notes: leftOut(without, 'has no mask', 'have no mask') };
  },
};

/** Two folders of one role beside each other (`masks/` and `labels/`) leave open which one is meant. */
function requireOneRoleFolder(folder: DataFolder, files: readonly RoleFile[]): void {
  const byPlace = new Map<string, Set<string>>();
  for (const { place, roleFolder } of files) byPlace.set(place, (byPlace.get(place) ?? new Set()).add(roleFolder));
  for (const names of byPlace.values()) {
    if (names.size < 2) continue;
    throw new UserError(
      `${folder.root} holds the folders ${[...names].join(' and ')}, either of which could be meant: move one of them ` +
        'away, or list the pairs in a pairs.csv',
      { file: folder.root },
    );
  }
}

interface Assigned {
  readonly mask: RoleFile;
  /** What follows the image's name in the mask's; '' where they are the same. */
  readonly suffix: string;
}

/** @throws UserError for a mask that belongs to no image, or names that two images of one place share. */
function assign(
  folder: DataFolder,
  images: readonly RoleFile[],
  masks: readonly RoleFile[],
): Map<RoleFile, Assigned[]> {
  const byKey = new Map<string, RoleFile>();
  for (const image of images) {
    const key = keyOf(image.place, image.stem.replace(imageSuffix, ''));
    const other = byKey.get(key);
    if (other) {
      throw new UserError(
        `${folder.root}: ${other.name} and ${image.name} have one name, so that it is open whose mask a mask is; ` +
          'rename one of them, or list the pairs in a pairs.csv',
        { file: folder.root },
      );
    }
    byKey.set(key, image);
  }
  const found = new Map<RoleFile, Assigned[]>();
  for (const mask of masks) {
    const owner = ownerOf(mask, byKey);
    if (!owner) {
      throw new UserError(
        `${folder.root}: ${mask.name} is a mask, but no image is called ${mask.stem}; add the image or remove the mask`,
        { file: folder.path(mask.name) },
      );
    }
    found.set(owner.image, [...(found.get(owner.image) ?? []), { mask, suffix: owner.suffix }]);
  }
  return found;
}

const keyOf = (place: string, stem: string): string => `${place}\n${stem.toLowerCase()}`;

/** The image of the mask's own name, else of the longest beginning of it that ends before a - or _. */
function ownerOf(mask: RoleFile, images: ReadonlyMap<string, RoleFile>): { image: RoleFile; suffix: string } | null {
  const same = images.get(keyOf(mask.place, mask.stem.replace(imageSuffix, '')));
  if (same) return { image: same, suffix: '' };
  for (let end = mask.stem.length - 1; end > 0; end--) {
    if (mask.stem[end] !== '_' && mask.stem[end] !== '-') continue;
    const image = images.get(keyOf(mask.place, mask.stem.slice(0, end)));
    if (image) return { image, suffix: mask.stem.slice(end + 1) };
  }
  return null;
}

function drawn(folder: DataFolder, image: RoleFile, masks: readonly Assigned[]): Drawn {
  const labels = masks.map(({ mask, suffix }): UnnamedFile | MaskFile => {
    const file = folder.path(mask.name);
    if (suffix === '' || plainSuffix.test(suffix)) return { kind: 'unnamed', file };
    return { kind: 'mask', file, className: suffix };
  });
  const unnamed = masks.filter(({ suffix }) => suffix === '' || plainSuffix.test(suffix));
  if (unnamed.length > 1) {
    throw new UserError(
      `${folder.root}: ${unnamed.map(({ mask }) => mask.name).join(' and ')} are both the mask of ${image.name}; ` +
        'remove one of them, or list the pairs in a pairs.csv',
      { file: folder.root },
    );
  }
  return {
    id: image.name,
    group: groupOf(image),
    images: [folder.path(image.name)],
    labels,
    ...(image.part && { part: image.part }),
  };
}

/** The folder it lies in, where that is neither a part nor that of all images. */
function groupOf(image: RoleFile): string {
  const own = image.name.split('/').slice(0, -1);
  const below = own.slice(own.indexOf(image.roleFolder) + 1);
  const deepest = below.at(-1);
  const isPart = deepest !== undefined && /^(train|training|val|valid|validation|dev|test|testing)$/i.test(deepest);
  return deepest === undefined || isPart ? image.name : deepest;
}
