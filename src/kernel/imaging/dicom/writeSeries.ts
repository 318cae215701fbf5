import path from 'node:path';
import { writeFileAtomically } from '../../files';
import type { MedicalImage } from '../types';
import { DataSetWriter } from './dataSetWriter';
import { dicomFile, manufacturer } from './dicomFile';
import { tags } from './tags';
import { uidOf } from './uids';

const storage = { CT: '1.2.840.10008.5.1.4.1.1.2', MR: '1.2.840.10008.5.1.4.1.1.4' } as const;

export interface SeriesWriting {
  readonly modality: keyof typeof storage;
  /** Patient ID, and the name of study and series: the same texts give the same UIDs. */
  readonly patient: string;
  readonly name: string;
}

/**
 * Writes a volume of whole numbers (Int16) as a series of CT or MR images (PS3.3 A.3, A.4), a file for each slice.
 * @param folder absolute path of a folder that is there
 */
export async function writeDicomSeries(folder: string, volume: MedicalImage, about: SeriesWriting): Promise<void> {
  const { voxels, size, channels } = volume;
  if (!(voxels instanceof Int16Array) || channels !== 1)
    throw new TypeError('a series is written of one Int16 channel');
  const area = size[0] * size[1];
  const digits = String(size[2]).length;
  for (let slice = 0; slice < size[2]; slice++) {
    const instance = uidOf(`${about.patient} ${about.name} ${slice}`);
    const content = identified(about, instance, slice);
    describePlane(content, volume, slice);
    describePixels(content, volume, about);
    const pixels = voxels.subarray(slice * area, (slice + 1) * area);
    content.bytes(tags.PixelData, 'OW', littleEndian(pixels));
    const name = `${String(slice + 1).padStart(digits, '0')}.dcm`;
    await writeFileAtomically(path.join(folder, name), dicomFile(storage[about.modality], instance, content));
  }
}

function identified({ modality, patient, name }: SeriesWriting, instance: string, slice: number): DataSetWriter {
  const one = `${patient} ${name}`;
  const content = new DataSetWriter()
    .text(tags.SpecificCharacterSet, 'CS', 'ISO_IR 192')
    .text(tags.ImageType, 'CS', 'DERIVED', 'SECONDARY', ...(modality === 'CT' ? ['AXIAL'] : ['OTHER']))
    .text(tags.SOPClassUID, 'UI', storage[modality])
    .text(tags.SOPInstanceUID, 'UI', instance)
    .text(tags.Modality, 'CS', modality)
    .text(tags.Manufacturer, 'LO', manufacturer)
    .text(tags.SeriesDescription, 'LO', name)
    .text(tags.PatientName, 'PN', `${patient}^`)
    .text(tags.PatientPosition, 'CS', 'HFS')
    .text(tags.PatientID, 'LO', patient)
    .text(tags.StudyInstanceUID, 'UI', uidOf(`${one}, study`))
    .text(tags.SeriesInstanceUID, 'UI', uidOf(`${one}, series`))
    .text(tags.FrameOfReferenceUID, 'UI', uidOf(`${one}, frame of reference`))
    .text(tags.SeriesNumber, 'IS', '1')
    .text(tags.InstanceNumber, 'IS', String(slice + 1));
  // To be there, but unknown (type 2).
  content.text(tags.StudyDate, 'DA').text(tags.StudyTime, 'TM').text(tags.PatientBirthDate, 'DA');
  content.text(tags.AccessionNumber, 'SH').text(tags.ReferringPhysicianName, 'PN').text(tags.PatientSex, 'CS');
  content
    .text(tags.StudyID, 'SH')
    .text(tags.Laterality, 'CS')
    .text(tags.PositionReferenceIndicator, 'LO')
    .text(tags.AcquisitionNumber, 'IS');
  if (modality === 'CT') return content.text(tags.KVP, 'DS');
  content.text(tags.ScanningSequence, 'CS', 'RM').text(tags.SequenceVariant, 'CS', 'NONE').text(tags.ScanOptions, 'CS');
  content.text(tags.MRAcquisitionType, 'CS').text(tags.EchoTime, 'DS').text(tags.EchoTrainLength, 'IS');
  return content.text(tags.RepetitionTime, 'DS');
}

/** Where the slice lies in the patient (PS3.3 C.7.6.2). */
function describePlane(content: DataSetWriter, { spacing, origin, direction }: MedicalImage, slice: number): void {
  const [x, y, z] = spacing ?? [1, 1, 1];
  const position = origin.map((at, axis) => at + direction[3 * axis + 2] * z * slice);
  content
    .text(tags.SliceThickness, 'DS', z)
    .text(tags.PixelSpacing, 'DS', y, x)
    .text(tags.ImagePositionPatient, 'DS', ...position)
    .text(tags.ImageOrientationPatient, 'DS', ...[0, 3, 6, 1, 4, 7].map((index) => direction[index]));
}

function describePixels(content: DataSetWriter, { size, window }: MedicalImage, { modality }: SeriesWriting): void {
  content
    .ushort(tags.SamplesPerPixel, 1)
    .text(tags.PhotometricInterpretation, 'CS', 'MONOCHROME2')
    .ushort(tags.Rows, size[1])
    .ushort(tags.Columns, size[0])
    .ushort(tags.BitsAllocated, 16)
    .ushort(tags.BitsStored, 16)
    .ushort(tags.HighBit, 15)
    .ushort(tags.PixelRepresentation, 1);
  if (modality === 'CT') content.text(tags.RescaleIntercept, 'DS', 0).text(tags.RescaleSlope, 'DS', 1);
  if (modality === 'CT') content.text(tags.RescaleType, 'LO', 'HU');
  if (window === undefined) return;
  // PS3.3 C.11.2.1.2.1: the window's ends are the centres of the values there.
  content
    .text(tags.WindowCenter, 'DS', (window.low + window.high + 1) / 2)
    .text(tags.WindowWidth, 'DS', window.high - window.low + 1);
}

function littleEndian(values: Int16Array): Uint8Array {
  const bytes = Buffer.alloc(2 * values.length);
  for (let at = 0; at < values.length; at++) bytes.writeInt16LE(values[at], 2 * at);
  return bytes;
}
