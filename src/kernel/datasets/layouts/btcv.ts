import { UserError } from '../../errors';
import { isImageFile, stem } from '../dataFolder';
import { namesBeside } from '../classNames';
import type { Case, ClassValues } from '../types';
import { decathlon } from './decathlon';
import type { Layout } from './layout';
import { leftOut } from './notes';

/** Labels of the challenge (Beyond the Cranial Vault, abdomen), from 1. */
const organs = [
  'spleen',
  'right kidney',
  'left kidney',
  'gallbladder',
  'oesophagus',
  'liver',
  'stomach',
  'aorta',
  'inferior vena cava',
  'portal and splenic vein',
  'pancreas',
  'right adrenal gland',
  'left adrenal gland',
];

const imageName = /^img(\d+)$/i;
const maskName = /^label(\d+)$/i;

/**
 * BTCV: volumes `img0001.nii.gz` with label maps `label0001.nii.gz`, wherever they lie in the folder (`img/` and
 * `label/`, or imagesTr and labelsTr). The thirteen organs are known; a `labels.json` may name others. Each volume is
 * its own group.
 */
export const btcv: Layout = {
  name: 'btcv',
  mark: 'volumes called img0001.… with label maps called label0001.…',
  async matches(folder) {
    const stems = (await folder.files()).filter(isImageFile).map(stem);
    const found = [imageName, maskName].every((pattern) => stems.some((name) => pattern.test(name)));
    // A list of pairs says more than names.
    return found && !(await decathlon.matches(folder));
  },
  async read(folder) {
    const named = await namesBeside(folder);
    const classes: ClassValues[] = named ?? organs.map((name, index) => ({ name, values: [index + 1] }));
    const numbered = async (pattern: RegExp): Promise<Map<string, string>> => {
      const found = new Map<string, string>();
      for (const name of (await folder.files()).filter(isImageFile)) {
        const number = pattern.exec(stem(name))?.[1];
        if (number === undefined) continue;
        const other = found.get(number);
        if (other !== undefined) {
          throw new UserError(`${folder.root} holds ${other} and ${name}: remove one of them`, { file: folder.root });
        }
        found.set(number, name);
      }
      return found;
    };
    const [images, masks] = [await numbered(imageName), await numbered(maskName)];
    const cases = [...masks].map(([number, mask]): Case => {
      const image = images.get(number);
      if (image === undefined) {
        throw new UserError(`${folder.root}: ${mask} has no image img${number}; add it or remove the label map`, {
          file: folder.path(mask),
        });
      }
      const labels = [{ kind: 'map' as const, file: folder.path(mask), classes }];
      return { id: `img${number}`, group: `img${number}`, images: [folder.path(image)], labels };
    });
    if (cases.length === 0) {
      throw new UserError(`${folder.root} is not of the layout "btcv": it needs ${btcv.mark}`, { file: folder.root });
    }
    const without = [...images].filter(([number]) => !masks.has(number)).map(([, name]) => name);
    return {
      classes: classes.map(({ name }) => name),
      cases,
      notes: leftOut(without, 'has no label map', 'have no label map', 'volume'),
    };
  },
};
