import { DataSetWriter } from './dataSetWriter';
import { code, reference } from './references';
import type { SourceFiles } from './sourceFiles';
import { tags } from './tags';
import { annotatedSlices, type LabelledObject } from '../labels';

/** One object on one slice. */
export interface SegmentFrame {
  /** From 1, in the order of the objects. */
  readonly segment: number;
  readonly slice: number;
  /** The slice's rank, from 1, among those of the segmentation. */
  readonly position: number;
  /** 0/1 per pixel, row-major. */
  readonly mask: Uint8Array;
}

/** The frames of a segmentation: by segment, then by slice; slices on which an object has no pixel are left out. */
export function segmentationFrames(objects: readonly LabelledObject[]): SegmentFrame[] {
  const slices = annotatedSlices(objects);
  return objects.flatMap(({ masks }, index) =>
    slices.flatMap((slice, rank): SegmentFrame[] => {
      const mask = masks.get(slice);
      return mask?.data.includes(1) ? [{ segment: index + 1, slice, position: rank + 1, mask: mask.data }] : [];
    }),
  );
}

/** Writes where the frames lie, which segments they belong to, and which images they were drawn on. */
export function describeFrames(
  content: DataSetWriter,
  { plan, files }: SourceFiles,
  frames: readonly SegmentFrame[],
): void {
  const { spacing, direction } = plan.geometry;
  const shared = new DataSetWriter();
  if (spacing) {
    shared.sequence(tags.PixelMeasuresSequence, [
      new DataSetWriter()
        .text(tags.SliceThickness, 'DS', spacing[2])
        .text(tags.SpacingBetweenSlices, 'DS', spacing[2])
        .text(tags.PixelSpacing, 'DS', spacing[1], spacing[0]),
    ]);
  }
  if (plan.placed) {
    const cosines = [0, 3, 6, 1, 4, 7].map((index) => direction[index]);
    shared.sequence(tags.PlaneOrientationSequence, [
      new DataSetWriter().text(tags.ImageOrientationPatient, 'DS', ...cosines),
    ]);
  }
  content.sequence(tags.SharedFunctionalGroupsSequence, [shared]);
  content.sequence(
    tags.PerFrameFunctionalGroupsSequence,
    frames.map((frame) => {
      const place = plan.slices[frame.slice];
      const { sopClass, sopInstance, planes } = files[place.file];
      const source = reference(sopClass, sopInstance);
      if (planes.length > 1) source.text(tags.ReferencedFrameNumber, 'IS', String(place.frame + 1));
      source.sequence(tags.PurposeOfReferenceCodeSequence, [
        code('121322', 'DCM', 'Source image for image processing operation'),
      ]);
      const frameContent = new DataSetWriter().ulong(tags.DimensionIndexValues, frame.segment, frame.position);
      if (!plan.placed) frameContent.text(tags.FrameLabel, 'LO', `frame ${frame.slice + 1}`);
      const item = new DataSetWriter()
        .sequence(tags.DerivationImageSequence, [
          new DataSetWriter()
            .sequence(tags.SourceImageSequence, [source])
            .sequence(tags.DerivationCodeSequence, [code('113076', 'DCM', 'Segmentation')]),
        ])
        .sequence(tags.FrameContentSequence, [frameContent])
        .sequence(tags.SegmentIdentificationSequence, [
          new DataSetWriter().ushort(tags.ReferencedSegmentNumber, frame.segment),
        ]);
      const { position } = planes[place.frame];
      if (plan.placed && position) {
        item.sequence(tags.PlanePositionSequence, [
          new DataSetWriter().text(tags.ImagePositionPatient, 'DS', ...position),
        ]);
      }
      return item;
    }),
  );
}

/** Frames follow each other without padding, the first pixel in the lowest bit (PS3.5 8.1.1). */
export function packBits(frames: readonly SegmentFrame[]): Uint8Array {
  const pixels = frames.reduce((sum, { mask }) => sum + mask.length, 0);
  const packed = new Uint8Array(Math.ceil(pixels / 8));
  let bit = 0;
  for (const { mask } of frames) {
    for (const pixel of mask) {
      if (pixel === 1) packed[bit >> 3] |= 1 << (bit & 7);
      bit++;
    }
  }
  return packed;
}
