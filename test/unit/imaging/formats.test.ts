// The tables of docs/formats.md: what every file at hand opens as.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readImage, type MedicalImage } from '../../../src/kernel/imaging';
import { looksLikeDicom } from '../../../src/kernel/imaging/dicom/parse';
import { readHeader } from '../../../src/kernel/imaging/dicom/series';
import { tags } from '../../../src/kernel/imaging/dicom/tags';
import { projectRoot } from '../../support/projectRoot';
import { realData } from '../../support/realData';

const document = path.join(projectRoot, 'docs', 'formats.md');
const update = process.env.MEDSA_UPDATE_FORMATS === '1';
const sets = [
  'dicom_format_zoo',
  'dcmqi_ct_seg',
  'nrrd_mha_samples',
  'sct_spinal_cord_mri',
  'sts_ct_mr_tumour',
  'totalseg_ct_multilabel',
];
/** What lies beside the images in those folders. */
const noImage = /\.(md|txt|csv|py)$|(^|\/)LICENSE[^/]*$/;

describe('the formats that docs/formats.md lists', () => {
  it('fixtures', async () => {
    await checkTable('fixtures', path.join(projectRoot, 'test', 'fixtures', 'dicom'), ['.']);
  });

  const folders = sets.map(realData);
  const root = folders.every((folder) => folder !== null) ? path.dirname(folders[0] ?? '') : null;
  it.skipIf(root === null)(
    'public data sets',
    async () => {
      await checkTable('public', root ?? '', sets);
    },
    150_000,
  );
});

async function checkTable(name: string, root: string, below: readonly string[]): Promise<void> {
  const rows = ['| file | kind | size | mm | values |', '| --- | --- | --- | --- | --- |'];
  for (const image of below.flatMap((folder) => imagesIn(path.join(root, folder)))) rows.push(await rowOf(root, image));
  const text = fs.readFileSync(document, 'utf8');
  const [start, end] = [`<!-- ${name} -->\n`, '\n<!-- end -->'];
  const from = text.indexOf(start) + start.length;
  const to = text.indexOf(end, from - 1);
  const table = rows.join('\n');
  if (update) fs.writeFileSync(document, `${text.slice(0, from)}\n${table}\n${text.slice(to)}`);
  else expect(text.slice(from, to).trim()).toBe(table);
}

/** Files, and folders of several DICOM slices, each of which is one image. */
function imagesIn(folder: string): string[] {
  const entries = fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const files = entries.filter((entry) => entry.isFile() && !noImage.test(entry.name));
  const deeper = entries
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => imagesIn(path.join(folder, name)));
  const series = files.length > 2 && files.every(({ name }) => /^(\d+\.dcm|CT\.[\d.]+)$/.test(name));
  return series ? [folder, ...deeper] : [...files.map(({ name }) => path.join(folder, name)), ...deeper];
}

async function rowOf(root: string, image: string): Promise<string> {
  const name = path.relative(root, image).replaceAll(path.sep, '/');
  const kind = await kindOf(image);
  try {
    const read = await readImage(image);
    const notes = read.notes ? `; ${read.notes.join('; ')}` : '';
    return `| ${name} | ${kind} | ${read.size.join(' × ')}${read.channels === 3 ? ' RGB' : ''} | ${spacing(read)} | ${values(read)}${notes} |`;
  } catch (error) {
    expect(error).toMatchObject({ name: 'UserError' });
    const message = (error as Error).message.replaceAll(image, path.basename(image));
    expect(message).not.toContain('\n');
    return `| ${name} | ${kind} | | | not opened: ${message} |`;
  }
}

/** Modality and transfer syntax of DICOM, else the extension. */
async function kindOf(image: string): Promise<string> {
  const file = fs.statSync(image).isDirectory() ? path.join(image, fs.readdirSync(image).sort()[0]) : image;
  if (!looksLikeDicom(fs.readFileSync(file).subarray(0, 132))) return path.basename(file).replace(/^[^.]*/, '');
  const { data, syntax } = await readHeader(file);
  return `${data.text(tags.Modality) ?? 'no modality'}, ${syntax.name}`;
}

const spacing = (image: MedicalImage): string =>
  image.spacing?.map((mm) => String(Number(mm.toPrecision(4)))).join(' × ') ?? 'unknown';

function values({ voxels, window }: MedicalImage): string {
  let [low, high] = [Infinity, -Infinity];
  for (const value of voxels) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const short = (value: number): string => String(Number(value.toPrecision(6)));
  const type = voxels.constructor.name.replace('Array', '').toLowerCase();
  const display = window ? `, window ${short(window.low)}…${short(window.high)}` : '';
  return `${type}, ${short(low)}…${short(high)}${display}`;
}
