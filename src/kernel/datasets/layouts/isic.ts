import { UserError } from '../../errors';
import { isImageFile, stem, type DataFolder } from '../dataFolder';
import { partOf } from '../roles';
import { parseTable } from '../table';
import type { Case } from '../types';
import type { Layout } from './layout';
import { leftOut } from './notes';

const maskName = /^(ISIC_\d+)_segmentation$/i;
const imageName = /^ISIC_\d+$/i;
const imageColumns = ['image', 'image_id', 'image_name', 'isic_id'];
/** The patient first: several lesions of one patient belong on one side. */
const groupColumns = ['patient_id', 'lesion_id'];

/**
 * Lesions of the ISIC challenges: `ISIC_0000000.jpg` with `ISIC_0000000_segmentation.png` (2016, 2017) or
 * `_Segmentation.png` (2018), wherever they lie in the folder. A CSV beside them with an image column and `patient_id`
 * or `lesion_id` gives the groups; without one, each image is its own.
 */
export const isic: Layout = {
  name: 'isic',
  mark: 'masks called ISIC_…_segmentation.png',
  matches: async (folder) => (await folder.files()).some((name) => isImageFile(name) && maskName.test(stem(name))),
  async read(folder) {
    const files = (await folder.files()).filter(isImageFile);
    const images = byIdentity(folder, files, imageName);
    const masks = byIdentity(folder, files, maskName);
    const groups = await groupsOf(folder);
    const cases = [...masks].map(([identity, mask]): Case => {
      const image = images.get(identity);
      if (image === undefined) {
        throw new UserError(`${folder.root}: ${mask} has no image ${identity}; add it or remove the mask`, {
          file: folder.path(mask),
        });
      }
      const part = partOf(image.split('/').flatMap((name) => name.split(/[-_]/)));
      return {
        id: identity,
        group: groups.get(identity) ?? identity,
        images: [folder.path(image)],
        labels: [{ kind: 'mask', file: folder.path(mask), className: 'lesion' }],
        ...(part && { part }),
      };
    });
    if (cases.length === 0) {
      throw new UserError(`${folder.root} is not of the layout "isic": it needs ${isic.mark}`, { file: folder.root });
    }
    const without = [...images].filter(([identity]) => !masks.has(identity)).map(([, name]) => name);
    return { classes: ['lesion'], cases, notes: leftOut(without, 'has no mask', 'have no mask') };
  },
};

/** Number of the ISIC archive → file. @throws UserError when one number has two files. */
function byIdentity(folder: DataFolder, files: readonly string[], pattern: RegExp): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of files) {
    const own = stem(name);
    const match = pattern.exec(own);
    if (!match) continue;
    const identity = (match[1] ?? own).toUpperCase();
    const other = found.get(identity);
    if (other !== undefined) {
      throw new UserError(`${folder.root} holds ${identity} twice, ${other} and ${name}: remove one of them`, {
        file: folder.root,
      });
    }
    found.set(identity, name);
  }
  return found;
}

/** Image → patient or lesion, from every CSV that says so. */
async function groupsOf(folder: DataFolder): Promise<Map<string, string>> {
  const groups = new Map<string, string>();
  for (const name of (await folder.files()).filter((file) => /\.csv$/i.test(file))) {
    const file = folder.path(name);
    for (const { line, record } of parseTable(file, await folder.read(name), [], '')) {
      const image = imageColumns.map((column) => record[column]).find((value) => value);
      const group = groupColumns.map((column) => record[column]).find((value) => value);
      if (!image || !group) continue;
      const identity = (isImageFile(image) ? stem(image) : image).toUpperCase();
      const before = groups.get(identity);
      if (before !== undefined && before !== group) {
        throw new UserError(`${file}, line ${line}: ${image} belongs to ${group} here, but to ${before} before it`, {
          file,
        });
      }
      groups.set(identity, group);
    }
  }
  return groups;
}
