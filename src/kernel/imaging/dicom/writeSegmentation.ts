import { UserError } from '../../errors';
import { writeFileAtomically } from '../../files';
import type { LabelledObject } from '../labels';
import type { MedicalImage } from '../types';
import { DataSetWriter } from './dataSetWriter';
import { dicomFile, manufacturer } from './dicomFile';
import { dicomLab } from './labColour';
import { describeFrames, packBits, segmentationFrames, type SegmentFrame } from './segmentationFrames';
import { code, reference } from './references';
import { sourceFilesOf, type SourceFiles } from './sourceFiles';
import { tags } from './tags';
import { uid } from './uids';

const segmentationStorage = '1.2.840.10008.5.1.4.1.1.66.4';

/**
 * Writes objects as a binary DICOM segmentation (PS3.3 A.51): one segment per object that has pixels, a frame for each slice it is on,
 * in the study and the frame of reference of the images, to which every frame refers.
 * @throws UserError when the image is no DICOM image, or the file cannot be written.
 */
export async function writeDicomSegmentation(
  file: string,
  image: MedicalImage,
  objects: readonly LabelledObject[],
): Promise<void> {
  const source = await requireSource(file, image.path);
  const drawn = objects.filter(({ masks }) => [...masks.values()].some(({ data }) => data.includes(1)));
  const frames = segmentationFrames(drawn);
  const instance = uid();
  const content = new DataSetWriter();
  identify(content, source, instance);
  describePixels(content, image, frames);
  describeSegments(content, drawn);
  describeDimensions(content, source);
  describeFrames(content, source, frames);
  content.bytes(tags.PixelData, 'OB', packBits(frames));
  await writeFileAtomically(file, dicomFile(segmentationStorage, instance, content));
}

async function requireSource(file: string, image: string): Promise<SourceFiles> {
  try {
    return await sourceFilesOf(image);
  } catch (cause) {
    throw new UserError(
      `${file} was not written: a DICOM segmentation refers to DICOM images, and ${image} is none; export NIfTI or PNG`,
      { file, cause },
    );
  }
}

/** Patient, study and frame of reference are the images'; series, equipment and object are new. */
function identify(content: DataSetWriter, { header, files, plan }: SourceFiles, instance: string): void {
  const now = new Date();
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  const own = (tag: number): string[] => header.texts(tag).slice(0, 1);
  content
    .text(tags.SpecificCharacterSet, 'CS', 'ISO_IR 192')
    .text(tags.ImageType, 'CS', 'DERIVED', 'PRIMARY')
    .text(tags.InstanceCreationDate, 'DA', date)
    .text(tags.InstanceCreationTime, 'TM', time)
    .text(tags.SOPClassUID, 'UI', segmentationStorage)
    .text(tags.SOPInstanceUID, 'UI', instance)
    .text(tags.StudyDate, 'DA', ...own(tags.StudyDate))
    .text(tags.SeriesDate, 'DA', date)
    .text(tags.ContentDate, 'DA', date)
    .text(tags.StudyTime, 'TM', ...own(tags.StudyTime))
    .text(tags.SeriesTime, 'TM', time)
    .text(tags.ContentTime, 'TM', time)
    .text(tags.AccessionNumber, 'SH', ...own(tags.AccessionNumber))
    .text(tags.Modality, 'CS', 'SEG')
    .text(tags.Manufacturer, 'LO', manufacturer)
    .text(tags.ReferringPhysicianName, 'PN', ...own(tags.ReferringPhysicianName))
    .text(tags.SeriesDescription, 'LO', 'Segmentation')
    .text(tags.ManufacturerModelName, 'LO', manufacturer)
    .text(tags.PatientName, 'PN', ...own(tags.PatientName))
    .text(tags.PatientID, 'LO', ...own(tags.PatientID))
    .text(tags.PatientBirthDate, 'DA', ...own(tags.PatientBirthDate))
    .text(tags.PatientSex, 'CS', ...own(tags.PatientSex))
    .text(tags.DeviceSerialNumber, 'LO', 'none')
    .text(tags.SoftwareVersions, 'LO', manufacturer)
    .text(tags.StudyInstanceUID, 'UI', header.text(tags.StudyInstanceUID) ?? uid())
    .text(tags.SeriesInstanceUID, 'UI', uid())
    // Some images break this one's limit, and a copy would too.
    .text(tags.StudyID, 'SH', ...own(tags.StudyID).map((id) => id.slice(0, 16)))
    .text(tags.SeriesNumber, 'IS', seriesNumberAfter(files[0].series.number))
    .text(tags.InstanceNumber, 'IS', '1')
    .text(tags.ContentLabel, 'CS', 'SEGMENTATION')
    .text(tags.ContentDescription, 'LO', 'Segmentation')
    .text(tags.ContentCreatorName, 'PN')
    .sequence(tags.ReferencedSeriesSequence, [
      new DataSetWriter().text(tags.SeriesInstanceUID, 'UI', files[0].series.uid).sequence(
        tags.ReferencedInstanceSequence,
        files.map(({ sopClass, sopInstance }) => reference(sopClass, sopInstance)),
      ),
    ]);
  if (!plan.placed) content.text(tags.PatientOrientation, 'CS');
  const frameOfReference = header.text(tags.FrameOfReferenceUID);
  if (frameOfReference === undefined) return;
  content
    .text(tags.FrameOfReferenceUID, 'UI', frameOfReference)
    .text(tags.PositionReferenceIndicator, 'LO', ...own(tags.PositionReferenceIndicator));
}

/** A series beside the images' in a list that is sorted by number. */
const seriesNumberAfter = (number: string): string => {
  const next = Number(number) * 100 + 1;
  return Number.isInteger(next) && next > 0 && next < 2 ** 31 ? String(next) : '1';
};

function describePixels(content: DataSetWriter, image: MedicalImage, frames: readonly SegmentFrame[]): void {
  content
    .ushort(tags.SamplesPerPixel, 1)
    .text(tags.PhotometricInterpretation, 'CS', 'MONOCHROME2')
    .text(tags.NumberOfFrames, 'IS', String(frames.length))
    .ushort(tags.Rows, image.size[1])
    .ushort(tags.Columns, image.size[0])
    .ushort(tags.BitsAllocated, 1)
    .ushort(tags.BitsStored, 1)
    .ushort(tags.HighBit, 0)
    .ushort(tags.PixelRepresentation, 0)
    .text(tags.LossyImageCompression, 'CS', '00')
    .text(tags.SegmentationType, 'CS', 'BINARY');
}

function describeSegments(content: DataSetWriter, objects: readonly LabelledObject[]): void {
  const tissue = (): DataSetWriter => code('85756007', 'SCT', 'Tissue');
  content.sequence(
    tags.SegmentSequence,
    objects.map(({ label, colour }, index) =>
      new DataSetWriter()
        .sequence(tags.SegmentedPropertyCategoryCodeSequence, [tissue()])
        .ushort(tags.SegmentNumber, index + 1)
        .text(tags.SegmentLabel, 'LO', plainText(label))
        .text(tags.SegmentAlgorithmType, 'CS', 'SEMIAUTOMATIC')
        .text(tags.SegmentAlgorithmName, 'LO', manufacturer)
        .ushort(tags.RecommendedDisplayCIELabValue, ...dicomLab(colour))
        .sequence(tags.SegmentedPropertyTypeCodeSequence, [tissue()]),
    ),
  );
}

/** LO: 64 characters, no backslash (PS3.5 6.2). */
const plainText = (label: string): string =>
  [...label.replace(/[\\\p{Cc}]/gu, ' ').trim()].slice(0, 64).join('') || 'object';

/** Frames are ordered by segment, then by position; without a frame of reference by the frame's label. */
function describeDimensions(content: DataSetWriter, { plan }: SourceFiles): void {
  const organization = uid();
  const dimension = (pointer: number, group: number, name: string): DataSetWriter =>
    new DataSetWriter()
      .text(tags.DimensionOrganizationUID, 'UI', organization)
      .tagValue(tags.DimensionIndexPointer, pointer)
      .tagValue(tags.FunctionalGroupPointer, group)
      .text(tags.DimensionDescriptionLabel, 'LO', name);
  content
    .sequence(tags.DimensionOrganizationSequence, [
      new DataSetWriter().text(tags.DimensionOrganizationUID, 'UI', organization),
    ])
    .sequence(tags.DimensionIndexSequence, [
      dimension(tags.ReferencedSegmentNumber, tags.SegmentIdentificationSequence, 'Segment Number'),
      plan.placed
        ? dimension(tags.ImagePositionPatient, tags.PlanePositionSequence, 'Image Position Patient')
        : dimension(tags.FrameLabel, tags.FrameContentSequence, 'Frame Label'),
    ]);
}
