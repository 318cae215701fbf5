import type { Window } from '../types';
import type { DataSet } from './dataSet';
import { planeOf, type Plane } from './geometry';
import { intensityTransformOf, windowOf, type IntensityTransform } from './intensities';
import type { DicomFile } from './parse';
import { checkPicture, pixelLayoutOf, type PixelLayout } from './pixelLayout';
import { tags } from './tags';

/** What a file's header says of its image: all that is needed to find its place in a volume, without its pixels. */
export interface ScannedFile {
  readonly path: string;
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly modality: string;
  readonly series: { readonly uid: string; readonly number: string; readonly description: string };
  readonly layout: PixelLayout;
  /** Per frame. */
  readonly planes: readonly Plane[];
  readonly transforms: readonly IntensityTransform[];
  /** Of the middle frame. */
  readonly window: Window | undefined;
  /** Whether its pixels once went through a compression with loss. */
  readonly lossy: boolean;
}

/** @throws UserError when it holds no image that is read. */
export function scan({ path, data }: DicomFile): ScannedFile {
  checkPicture(path, data);
  const layout = pixelLayoutOf(path, data);
  const transforms = perFrame(data, layout, (frame) => intensityTransformOf(path, data, layout, frame));
  const middle = Math.floor(layout.frames / 2);
  return {
    path,
    sopClass: data.text(tags.SOPClassUID) ?? '',
    sopInstance: data.text(tags.SOPInstanceUID) ?? '',
    modality: data.text(tags.Modality) ?? '',
    series: {
      uid: data.text(tags.SeriesInstanceUID) ?? '',
      number: data.text(tags.SeriesNumber) ?? '',
      description: data.text(tags.SeriesDescription) ?? '',
    },
    layout,
    planes: perFrame(data, layout, (frame) => planeOf(data, frame)),
    transforms,
    window: windowOf(data, middle, transforms[middle]),
    lossy: data.text(tags.LossyImageCompression) === '01',
  };
}

/** Frames without a description of their own share one: a header of a hundred bytes may claim a hundred thousand. */
function perFrame<T>(data: DataSet, { frames }: PixelLayout, of: (frame: number) => T): T[] {
  const described = Math.min(frames, data.items(tags.PerFrameFunctionalGroupsSequence).length);
  const own = Array.from({ length: described }, (_, frame) => of(frame));
  return described === frames ? own : [...own, ...new Array<T>(frames - described).fill(of(described))];
}
