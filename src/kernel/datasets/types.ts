import type { Mask, MedicalImage, RgbImage, Window } from '../imaging';

/** One image with its labels: a 2D picture or a volume. */
export interface Case {
  /** Unique within the data set and the same on every machine: a relative path or the subject's name. */
  readonly id: string;
  /** Patient or subject: one group never stands on both sides of a split. */
  readonly group: string;
  /** Absolute paths: one file, or the folder of a DICOM series; several are modalities of one size, each a channel. */
  readonly images: readonly string[];
  /** Where its masks come from; what several of them say of one class is joined. */
  readonly labels: readonly LabelSource[];
  /** Where the data set itself puts it (a folder called train, val or test); nothing follows from it but a warning. */
  readonly part?: Part;
}

export type Part = 'train' | 'validation' | 'test';

export type LabelSource = MaskFile | LabelMap | DiscCup | Polygons | DicomLabels | Consensus;

/** Whatever is not zero in the file is the class. */
export interface MaskFile {
  readonly kind: 'mask';
  readonly file: string;
  readonly className: string;
}

/** Each class is one or more values of the file; the values may overlap between classes. */
export interface LabelMap {
  readonly kind: 'map';
  readonly file: string;
  readonly classes: readonly ClassValues[];
}

export interface ClassValues {
  readonly name: string;
  readonly values: readonly number[];
}

/**
 * Optic disc and cup as REFUGE codes them: three grey levels, of which the middle one is the rim. Background is what the
 * mask's corners hold, be it 255 (the challenge) or 0 (copies of it); the disc includes the cup.
 */
export interface DiscCup {
  readonly kind: 'disc-cup';
  readonly file: string;
  /** Of `disc` and `cup`. */
  readonly classes: readonly string[];
}

/** Closed outlines in pixels of the image; a pixel belongs when its centre lies inside one of them (even-odd). */
export interface Polygons {
  readonly kind: 'polygons';
  readonly file: string;
  readonly className: string;
  readonly outlines: readonly (readonly (readonly [x: number, y: number])[])[];
}

/** A DICOM structure set or segmentation: its regions, by name. */
export interface DicomLabels {
  readonly kind: 'dicom';
  readonly file: string;
  readonly object: 'RTSTRUCT' | 'SEG';
  readonly classes: readonly string[];
}

/** Several raters drew the same classes: a voxel belongs where more than half of them say so. */
export interface Consensus {
  readonly kind: 'consensus';
  readonly raters: readonly LabelSource[];
}

/** The class of masks that name none. */
export const defaultClass = 'target';

export const layoutNames = [
  'pairs',
  'folders',
  'isic',
  'refuge',
  'decathlon',
  'nnunet',
  'btcv',
  'brats',
  'tnscui',
  'ddti',
  'dicom',
] as const;
export type LayoutName = (typeof layoutNames)[number];

export interface Dataset {
  readonly folder: string;
  readonly layout: LayoutName;
  /** In the order of the data set's own description; a case may lack some of them. */
  readonly classes: readonly string[];
  readonly cases: readonly Case[];
  /** What was left out and why, a line each. */
  readonly notes: readonly string[];
}

/** The image of a case: grey (1 channel), RGB (3), or a channel for each of its modalities; channels interleaved. */
export type CaseImage = Omit<MedicalImage, 'channels'> & { readonly channels: number };

export interface LoadedCase {
  readonly image: CaseImage;
  /** Display window of the whole case: one for a single file, else one per modality. */
  readonly windows: readonly Window[];
  /** Class → 0 or 1 per voxel (x fastest, then y, then slice). A class that this case lacks is not in the map. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
}

/** What 2D training and evaluation go through: one class on one slice of a case. */
export interface Sample {
  readonly case: Case;
  readonly className: string;
  /** From 0; a picture has slice 0 only. */
  readonly slice: number;
}

export interface LoadedSample {
  /** As the model sees it: through the window of the whole case. Of several modalities the first three are R, G, B. */
  readonly image: RgbImage;
  /** Of the image's size, never empty. */
  readonly mask: Mask;
  /** mm per pixel along x and y; null where the file does not tell. */
  readonly spacing: readonly [number, number] | null;
  readonly className: string;
  readonly caseId: string;
  readonly slice: number;
}

/** One prompt set in pixels of the original image. Labels: 1 positive, 0 negative. */
export interface PromptSet {
  readonly points: readonly { readonly x: number; readonly y: number; readonly label: 0 | 1 }[];
  readonly box: readonly [number, number, number, number] | null;
}

/** Prompt settings as the paper names them (med-sa.md, section 6). */
export const promptSettings = ['1-point', '3-points', 'bbox-0.5', 'bbox-0.75'] as const;
export type PromptSetting = (typeof promptSettings)[number];
