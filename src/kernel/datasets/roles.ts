import { isImageFile, stem } from './dataFolder';
import type { Part } from './types';

/** Names of folders that hold images or masks; what follows them (imagesTr) tells the part. */
const imageFolder = /^(images?|imgs?|inputs?|scans?|volumes?)(?=$|[-_ ]|tr$|ts$|val$|train|test)/i;
const maskFolder =
  /^(masks?|labels?|segmentations?|segs?|annotations?|annots?|ground[-_ ]?truths?|gts?)(?=$|[-_ ]|tr$|ts$|val$|train|test)/i;

export type Role = 'image' | 'mask';

/** A file of a listing, with what its folders say of it. */
export interface RoleFile {
  readonly name: string;
  /** Null where no folder on its path is called like images or masks. */
  readonly role: Role | null;
  /** The name of the folder that gave it its role. */
  readonly roleFolder: string;
  /** The other folders on its path, with what followed the role's name: files of one place belong together. */
  readonly place: string;
  readonly stem: string;
  readonly part: Part | undefined;
}

/** Images and masks of a listing. Files of other formats are left out. */
export const roleFiles = (files: readonly string[]): RoleFile[] => files.filter(isImageFile).map(roleOf);

export function roleOf(name: string): RoleFile {
  const folders = name.split('/').slice(0, -1);
  let [role, roleFolder]: [Role | null, string] = [null, ''];
  const others: string[] = [];
  for (const folder of folders) {
    const found: Role | null = imageFolder.test(folder) ? 'image' : maskFolder.test(folder) ? 'mask' : null;
    if (found === null || role !== null) {
      others.push(folder);
      continue;
    }
    [role, roleFolder] = [found, folder];
    const rest = folder.replace(found === 'image' ? imageFolder : maskFolder, '').replace(/^[-_ ]/, '');
    if (rest !== '') others.push(rest);
  }
  const place = others.join('/').toLowerCase();
  return { name, role, roleFolder, place, stem: stem(name), part: partOf(others) };
}

const parts: readonly [RegExp, Part][] = [
  [/^(train(ing)?|tr)(?=$|[-_ \d])/i, 'train'],
  [/^(val(id(ation)?)?|dev)(?=$|[-_ \d])/i, 'validation'],
  [/^(test(ing)?|ts)(?=$|[-_ \d])/i, 'test'],
];

/** The part that a folder's name stands for; the first that does. */
export function partOf(folders: readonly string[]): Part | undefined {
  for (const folder of folders) {
    const found = parts.find(([pattern]) => pattern.test(folder));
    if (found) return found[1];
  }
  return undefined;
}
