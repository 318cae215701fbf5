import type { ClassChoice } from '../classChoice';
import type { DataFolder } from '../dataFolder';
import type { Dataset, LayoutName } from '../types';

export interface ReadOptions {
  readonly classes: ClassChoice | null;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** What a layout makes of a folder. */
export type ReadDataset = Pick<Dataset, 'classes' | 'cases' | 'notes'>;

/** A way in which data sets are laid out. */
export interface Layout {
  readonly name: LayoutName;
  /** What marks it, for messages: "a pairs.csv with the columns image,mask,group". */
  readonly mark: string;
  /** Whether the folder bears that mark. */
  matches(folder: DataFolder): Promise<boolean>;
  /** @throws UserError, one line, naming what is missing or wrong. */
  read(folder: DataFolder, options: ReadOptions): Promise<ReadDataset>;
}
