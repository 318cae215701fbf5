/** One image with the mask of one target. */
export interface Sample {
  /** Absolute path of the image file. */
  readonly image: string;
  /** Absolute path of the mask file: non-zero is the target. */
  readonly mask: string;
  /** Patient or subject: one group never stands on both sides of a split. */
  readonly group: string;
  /** Slice of the image and mask, for volumes; 0 for 2D images. */
  readonly slice: number;
}

export type LayoutName = 'pairs';

export interface Dataset {
  readonly folder: string;
  readonly layout: LayoutName;
  readonly samples: readonly Sample[];
}

/** One prompt set in pixels of the original image. Labels: 1 positive, 0 negative. */
export interface PromptSet {
  readonly points: readonly { readonly x: number; readonly y: number; readonly label: 0 | 1 }[];
  readonly box: readonly [number, number, number, number] | null;
}

/** Prompt settings as the paper names them (med-sa.md, section 6). */
export const promptSettings = ['1-point', '3-points', 'bbox-0.5', 'bbox-0.75'] as const;
export type PromptSetting = (typeof promptSettings)[number];
