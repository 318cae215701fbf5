import { UserError } from '../../errors';
import type { DataFolder } from '../dataFolder';
import type { LayoutName } from '../types';
import type { Layout } from './layout';
import { pairs } from './pairs';

const layouts: Readonly<Record<LayoutName, Layout>> = { pairs };

/**
 * The layout that was asked for, or for `auto` the one whose mark the folder bears. A table of pairs decides: whoever
 * wrote it said what belongs together.
 * @throws UserError when there is none, or several (it names them).
 */
export async function findLayout(folder: DataFolder, asked: LayoutName | 'auto'): Promise<Layout> {
  if (asked !== 'auto') return layouts[asked];
  if (await pairs.matches(folder)) return pairs;
  throw new UserError(`${folder.root} is of no known layout: it needs ${pairs.mark}`, { file: folder.root });
}
