import { chooseClasses, parseClassChoice } from './classChoice';
import { DataFolder } from './dataFolder';
import { findLayout } from './layouts';
import type { Dataset, LayoutName } from './types';

export interface OpenOptions {
  /** `auto` finds out from what lies in the folder. Default `auto`. */
  readonly layout?: LayoutName | 'auto';
  /**
   * Only these classes: names that the data have (`liver`), or new ones made of the values of label maps (`liver=1`,
   * `whole=1+2+4`). Default: all.
   */
  readonly classes?: readonly string[];
  /** Mask files read so far, of those that must be read to know the classes. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Opens a folder of images with masks. Every file that its cases name exists and lies in the folder; whether an image
 * and its masks fit each other shows when they are read (`loadCase`, `loadAll`).
 * @throws UserError, one line, when the folder or its description is missing, wrong or ambiguous; CancelledError.
 */
export async function openDataset(folder: string, options: OpenOptions = {}): Promise<Dataset> {
  const { layout: asked = 'auto', classes: entries, onProgress, signal } = options;
  const opened = await DataFolder.open(folder);
  const choice = entries === undefined ? null : parseClassChoice(entries);
  const layout = await findLayout(opened, asked);
  const read = await layout.read(opened, { classes: choice, onProgress, signal });
  const chosen = choice === null ? read : chooseClasses(read, choice, opened.root);
  return { folder: opened.root, layout: layout.name, ...chosen };
}
