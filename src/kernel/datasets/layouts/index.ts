import { UserError } from '../../errors';
import type { DataFolder } from '../dataFolder';
import { layoutNames, type LayoutName } from '../types';
import { brats } from './brats';
import { btcv } from './btcv';
import { ddti } from './ddti';
import { decathlon, descriptionFile } from './decathlon';
import { dicom } from './dicom';
import { folders } from './folders';
import { isic } from './isic';
import type { Layout } from './layout';
import { nnunet } from './nnunet';
import { pairs, pairsFile } from './pairs';
import { refuge } from './refuge';
import { tnscui } from './tnscui';

const layouts: Readonly<Record<LayoutName, Layout>> = {
  pairs,
  folders,
  isic,
  refuge,
  decathlon,
  nnunet,
  btcv,
  brats,
  tnscui,
  ddti,
  dicom,
};

/**
 * The layout that was asked for, or for `auto` the one whose mark the folder bears. A table of pairs decides: whoever
 * wrote it said what belongs together; and folders of images and masks are only that where no data set is recognised.
 * @throws UserError when there is none, or several (it names them).
 */
export async function findLayout(folder: DataFolder, asked: LayoutName | 'auto'): Promise<Layout> {
  if (asked !== 'auto') return layouts[asked];
  if (await pairs.matches(folder)) return pairs;
  const found: Layout[] = [];
  for (const name of layoutNames) {
    const layout = layouts[name];
    if (layout !== pairs && layout !== folders && (await layout.matches(folder))) found.push(layout);
  }
  if (found.length === 0 && (await folders.matches(folder))) return folders;
  if (found.length === 1) return found[0];
  const { root } = folder;
  if (found.length > 1) {
    const marks = found.map(({ name, mark }) => `${name} (${mark})`).join(' and ');
    throw new UserError(`${root} could be of several layouts, ${marks}: say which with --layout NAME`, { file: root });
  }
  const deeper = (await folder.files()).find((name) => /\/(pairs\.csv|dataset\.json)$/.test(name));
  const hint = deeper === undefined ? '' : `; ${deeper} lies in it: did you mean that folder?`;
  throw new UserError(
    `${root} is of no known layout: it needs a ${pairsFile} with the columns image,mask,group, folders images/ and ` +
      `masks/ with files of the same names, or a ${descriptionFile} (docs/data.md lists all)${hint}`,
    { file: root },
  );
}
