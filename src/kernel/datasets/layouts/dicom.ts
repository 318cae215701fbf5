import path from 'node:path';
import { UserError } from '../../errors';
import { openFile } from '../../files';
import { readDicomSegmentNames, readRtStructNames } from '../../imaging';
import { findSeries, type Series } from '../../imaging/dicom';
import type { DataSet } from '../../imaging/dicom/dataSet';
import { looksLikeDicom } from '../../imaging/dicom/parse';
import { readHeader } from '../../imaging/dicom/series';
import { tags } from '../../imaging/dicom/tags';
import { extensionOf, formatFamily, hasKnownExtension } from '../../imaging/formats';
import type { DataFolder } from '../dataFolder';
import type { Case, DicomLabels } from '../types';
import type { Layout } from './layout';
import { leftOut } from './notes';

/** Headers read at the same time. */
const atOnce = 16;

/**
 * DICOM series with structure sets (RTSTRUCT) or segmentations (SEG), wherever they lie in the folder: each belongs to
 * the series that it refers to. All of them that refer to one series are joined. A patient (Patient ID) is a group.
 */
export const dicom: Layout = {
  name: 'dicom',
  mark: 'DICOM series with RTSTRUCT or SEG',
  matches: async (folder) => (await labelObjects(folder)).length > 0,
  async read(folder) {
    const objects = await labelObjects(folder);
    if (objects.length === 0) {
      throw new UserError(`${folder.root} is not of the layout "dicom": it needs ${dicom.mark}`, { file: folder.root });
    }
    const all = await findSeries(folder.root);
    const labelsOf = new Map<Series, DicomLabels[]>();
    for (const object of objects) {
      const series = seriesOf(object, all);
      const read = object.object === 'SEG' ? readDicomSegmentNames : readRtStructNames;
      const classes = await read(object.file);
      const label: DicomLabels = { kind: 'dicom', file: object.file, object: object.object, classes };
      if (classes.length > 0) labelsOf.set(series, [...(labelsOf.get(series) ?? []), label]);
    }
    const cases: Case[] = [];
    for (const [series, labels] of labelsOf) {
      const place = commonFolder(series);
      const { data } = await readHeader(series.files[0].path);
      const alone = all.every((other) => other === series || !isWithin(place, other));
      const id = `${folder.relative(place) || '.'}${alone ? '' : `#${series.uid}`}`;
      cases.push({
        id,
        group: data.text(tags.PatientID) || data.text(tags.StudyInstanceUID) || id,
        images: [alone ? place : `${place}#${series.uid}`],
        labels,
      });
    }
    if (cases.length === 0) {
      throw new UserError(`${folder.root}: no structure set or segmentation holds a region`, { file: folder.root });
    }
    const without = all
      .filter((series) => !labelsOf.has(series))
      .map((series) => folder.relative(commonFolder(series)));
    return {
      classes: [
        ...new Set(
          cases.flatMap(({ labels }) => labels.flatMap((label) => (label.kind === 'dicom' ? label.classes : []))),
        ),
      ],
      cases: cases.sort((a, b) => (a.id < b.id ? -1 : 1)),
      notes: leftOut(without, 'has no labels', 'have no labels', 'series'),
    };
  },
};

interface LabelObject {
  readonly file: string;
  readonly object: DicomLabels['object'];
  /** Instance UIDs of the series that it was drawn on; none where it does not say. */
  readonly series: readonly string[];
}

/** Asked for twice, when the layout is looked for and when it is read. */
const known = new WeakMap<DataFolder, Promise<LabelObject[]>>();

function labelObjects(folder: DataFolder): Promise<LabelObject[]> {
  const found = known.get(folder) ?? scanLabels(folder);
  known.set(folder, found);
  return found;
}

async function scanLabels(folder: DataFolder): Promise<LabelObject[]> {
  const candidates = (await folder.files()).filter(mayBeDicom).map((name) => folder.path(name));
  const found: LabelObject[] = [];
  for (let start = 0; start < candidates.length; start += atOnce) {
    for (const object of await Promise.all(candidates.slice(start, start + atOnce).map(labelObject))) {
      if (object) found.push(object);
    }
  }
  return found;
}

/** Scanners name files by UIDs, whose end looks like an extension; tables and texts are none. */
const mayBeDicom = (name: string): boolean =>
  hasKnownExtension(name)
    ? formatFamily(name) === 'dicom'
    : !/^\.(csv|json|txt|md|xml|pdf|zip|gz)$/.test(extensionOf(name));

async function labelObject(file: string): Promise<LabelObject | null> {
  const { handle } = await openFile(file);
  const start = Buffer.alloc(132);
  try {
    await handle.read(start, 0, start.length, 0);
  } finally {
    await handle.close();
  }
  if (!looksLikeDicom(start)) return null;
  const { data } = await readHeader(file);
  const object = data.text(tags.Modality);
  if (object !== 'RTSTRUCT' && object !== 'SEG') return null;
  return { file, object, series: referredSeries(data) };
}

/** PS3.3 C.12.4 (SEG) and C.8.8.5 (RTSTRUCT). */
function referredSeries(data: DataSet): string[] {
  const direct = data.items(tags.ReferencedSeriesSequence);
  const contoured = data
    .items(tags.ReferencedFrameOfReferenceSequence)
    .flatMap((frame) => frame.items(tags.RTReferencedStudySequence))
    .flatMap((study) => study.items(tags.RTReferencedSeriesSequence));
  return [...direct, ...contoured].flatMap((series) => series.text(tags.SeriesInstanceUID) ?? []);
}

/** @throws UserError when the folder does not hold the series, or several that it could be. */
function seriesOf({ file, object, series }: LabelObject, all: readonly Series[]): Series {
  const referred = all.filter(({ uid }) => series.includes(uid));
  if (referred.length === 1) return referred[0];
  if (referred.length === 0 && series.length > 0) {
    throw new UserError(`${file} (${object}) was drawn on the series ${series[0]}, which is not here: add it`, {
      file,
    });
  }
  // It says nothing, or too much: the series nearest to it.
  for (let place = path.dirname(file), last = ''; place !== last; last = place, place = path.dirname(place)) {
    const near = (referred.length > 0 ? referred : all).filter((one) => isWithin(place, one));
    if (near.length === 1) return near[0];
    if (near.length > 1) break;
  }
  throw new UserError(`${file} (${object}) does not say on which of the series here it was drawn: keep them apart`, {
    file,
  });
}

/** The deepest folder that holds all files of a series. */
function commonFolder({ files }: Series): string {
  let common = path.dirname(files[0].path).split(path.sep);
  for (const { path: file } of files) {
    const parts = path.dirname(file).split(path.sep);
    const length = common.findIndex((part, index) => parts[index] !== part);
    if (length >= 0) common = common.slice(0, length);
  }
  return common.join(path.sep);
}

const isWithin = (folder: string, { files }: Series): boolean =>
  files.some(({ path: file }) => file.startsWith(folder + path.sep));
