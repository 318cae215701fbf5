import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCase, openDataset, samplesOf } from '../../../src/kernel/datasets';
import { UserError } from '../../../src/kernel/errors';
import { readImage, writeDicomSegmentation } from '../../../src/kernel/imaging';
import { DataSetWriter } from '../../../src/kernel/imaging/dicom/dataSetWriter';
import { tags } from '../../../src/kernel/imaging/dicom/tags';
import { withFolder } from './folder';

const ctStorage = '1.2.840.10008.5.1.4.1.1.2';
const structureSet = '1.2.840.10008.5.1.4.1.1.481.3';
const study = '2.25.1';

async function writeDicom(file: string, sopClass: string, content: DataSetWriter): Promise<void> {
  const meta = new DataSetWriter()
    .text(tags.MediaStorageSOPClassUID, 'UI', sopClass)
    .text(tags.TransferSyntaxUID, 'UI', '1.2.840.10008.1.2.1')
    .toBuffer();
  const length = new DataSetWriter().ulong(tags.FileMetaInformationGroupLength, meta.length).toBuffer();
  await fs.mkdir(path.dirname(file), { recursive: true });
  await fs.writeFile(file, Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, meta, content.toBuffer()]));
}

/** Three slices of 6 × 4 pixels, 2 mm apart. */
async function writeSeries(folder: string, uid: string, patient: string, number = 1): Promise<void> {
  for (let slice = 0; slice < 3; slice++) {
    const pixels = Uint16Array.from({ length: 24 }, (_, i) => 100 * slice + i);
    const content = new DataSetWriter()
      .text(tags.SOPClassUID, 'UI', ctStorage)
      .text(tags.SOPInstanceUID, 'UI', `${uid}.${slice + 1}`)
      .text(tags.Modality, 'CS', 'CT')
      .text(tags.PatientID, 'LO', patient)
      .text(tags.StudyInstanceUID, 'UI', study)
      .text(tags.SeriesInstanceUID, 'UI', uid)
      .text(tags.SeriesNumber, 'IS', number)
      .text(tags.FrameOfReferenceUID, 'UI', `${uid}.9`)
      .text(tags.ImagePositionPatient, 'DS', 0, 0, 2 * slice)
      .text(tags.ImageOrientationPatient, 'DS', 1, 0, 0, 0, 1, 0)
      .text(tags.PixelSpacing, 'DS', 1, 1)
      .text(tags.PhotometricInterpretation, 'CS', 'MONOCHROME2')
      .ushort(tags.SamplesPerPixel, 1)
      .ushort(tags.Rows, 4)
      .ushort(tags.Columns, 6)
      .ushort(tags.BitsAllocated, 16)
      .ushort(tags.BitsStored, 16)
      .ushort(tags.HighBit, 15)
      .ushort(tags.PixelRepresentation, 0)
      .bytes(tags.PixelData, 'OW', new Uint8Array(pixels.buffer));
    await writeDicom(path.join(folder, `${uid}-${slice}.dcm`), ctStorage, content);
  }
}

/** One region: columns 1–3 and rows 1–2 of the middle slice. */
async function writeStructures(file: string, series: string | null, patient: string): Promise<void> {
  const square = [0.6, 0.6, 2, 3.4, 0.6, 2, 3.4, 2.4, 2, 0.6, 2.4, 2];
  const contour = new DataSetWriter()
    .text(tags.ContourGeometricType, 'CS', 'CLOSED_PLANAR')
    .text(tags.ContourData, 'DS', ...square);
  const referred = new DataSetWriter().text(tags.SeriesInstanceUID, 'UI', series ?? '');
  const content = new DataSetWriter()
    .text(tags.SOPClassUID, 'UI', structureSet)
    .text(tags.SOPInstanceUID, 'UI', '2.25.77')
    .text(tags.Modality, 'CS', 'RTSTRUCT')
    .text(tags.PatientID, 'LO', patient)
    .sequence(tags.StructureSetROISequence, [
      new DataSetWriter().text(tags.ROINumber, 'IS', 1).text(tags.ROIName, 'LO', 'GTV'),
    ])
    .sequence(tags.ROIContourSequence, [
      new DataSetWriter().text(tags.ReferencedROINumber, 'IS', 1).sequence(tags.ContourSequence, [contour]),
    ]);
  if (series !== null) {
    content.sequence(tags.ReferencedFrameOfReferenceSequence, [
      new DataSetWriter().sequence(tags.RTReferencedStudySequence, [
        new DataSetWriter().sequence(tags.RTReferencedSeriesSequence, [referred]),
      ]),
    ]);
  }
  await writeDicom(file, structureSet, content);
}

describe('dicom', () => {
  it('gives each series the structures and segmentations that were drawn on it', async () => {
    await withFolder(async (folder) => {
      const at = (...names: string[]) => path.join(folder, ...names);
      await writeSeries(at('p1', 'ct'), '2.25.10', 'P1');
      await writeSeries(at('p2', 'all'), '2.25.20', 'P2', 1);
      await writeSeries(at('p2', 'all'), '2.25.21', 'P2', 2);
      await writeSeries(at('p3'), '2.25.30', 'P3');
      await writeStructures(at('structures', 'RS1.dcm'), '2.25.10', 'P1');
      const image = await readImage(at('p2', 'all#2.25.21'));
      const data = Uint8Array.from({ length: 24 }, (_, i) => (i === 5 ? 1 : 0));
      const masks = new Map([[2, { width: 6, height: 4, data }]]);
      await writeDicomSegmentation(at('structures', 'seg.dcm'), image, [
        { label: 'cyst', value: 1, masks, colour: [255, 0, 0] },
      ]);

      const { layout, classes, cases, notes } = await openDataset(folder);
      expect([layout, classes]).toEqual(['dicom', ['GTV', 'cyst']]);
      expect(cases.map(({ id, group }) => [id, group])).toEqual([
        ['p1/ct', 'P1'],
        ['p2/all#2.25.21', 'P2'],
      ]);
      expect(notes).toEqual(['2 series have no labels and are left out: p2/all, p3']);
      const { image: ct, masks: drawn } = await loadCase(cases[0]);
      expect([ct.size, ct.spacing]).toEqual([
        [6, 4, 3],
        [1, 1, 2],
      ]);
      const gtv = drawn.get('GTV')!;
      expect([...gtv.keys()].filter((i) => gtv[i] === 1)).toEqual([31, 32, 33, 37, 38, 39]);
      expect((await samplesOf(cases)).map(({ className, slice }) => [className, slice])).toEqual([
        ['GTV', 1],
        ['cyst', 2],
      ]);
      const only = await openDataset(folder, { classes: ['cyst'] });
      expect(only.cases.map(({ group }) => group)).toEqual(['P2']);
    });
  });

  it('takes the only series near a structure set that refers to none, and refuses what is open', async () => {
    await withFolder(async (folder) => {
      const refused = async (): Promise<string> => {
        const error: unknown = await openDataset(folder).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(UserError);
        return (error as UserError).message;
      };
      const file = path.join(folder, 'a', 'rt', 'RS.dcm');
      await writeSeries(path.join(folder, 'a', 'ct'), '2.25.10', 'P1');
      await writeSeries(path.join(folder, 'b'), '2.25.11', 'P2');
      await writeStructures(file, null, 'P1');
      expect((await openDataset(folder)).cases.map(({ id }) => id)).toEqual(['a/ct']);
      await writeSeries(path.join(folder, 'a', 'mr'), '2.25.12', 'P1');
      expect(await refused()).toMatch(/RS\.dcm \(RTSTRUCT\) does not say on which of the series/);
      await writeStructures(file, '2.25.99', 'P1');
      expect(await refused()).toMatch(/drawn on the series 2\.25\.99, which is not here/);
    });
  });
});
