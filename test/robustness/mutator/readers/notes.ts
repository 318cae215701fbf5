// Journals of annotations, and notebooks.
import fs from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { encodeMaskPatch } from '../../../../src/kernel/imaging';
import { AnnotationStore, ImageLibrary, Models } from '../../../../src/kernel/annotation';
import { readNotebook, writeNotebook } from '../../../../src/kernel/notebook/ipynb';
import { FloodFillPredictor } from '../../../unit/annotation/floodFillPredictor';
import { expectThat, fileReader, type Reader, type Seed } from '../reader';

const [width, height] = [20, 14];
const mask = { width, height, data: Uint8Array.from({ length: width * height }, (_, at) => Number(at % width > 8)) };
const patch = encodeMaskPatch(mask);
const object = { id: 'object-2', label: 'liver', colour: '#2fb5ff', visible: true, value: 2 };
const at = { object: 'object-1', slice: 0 };
const point = { kind: 'point', x: 5.5, y: 6.5, label: 1 };

const header = { version: 2, image: 'scan.png', width, height, slices: 1 };
const edits: object[] = [
  { edit: 'prompt/add', ...at, id: 'p1', prompt: point },
  { edit: 'object/add', object },
  { edit: 'select', object: 'object-2' },
  { edit: 'prompt/add', ...at, object: 'object-2', id: 'p2', prompt: { kind: 'box', x0: 1, y0: 2, x1: 9, y1: 8 } },
  {
    edit: 'prompt/add',
    ...at,
    id: 'p3',
    prompt: {
      kind: 'scribble',
      points: [
        [1, 1],
        [5, 5],
        [9, 7],
      ],
      label: 1,
    },
  },
  { edit: 'prompt/add', ...at, id: 'p4', prompt: { kind: 'mask', slice: 0 }, patch },
  {
    edit: 'stroke',
    ...at,
    erase: false,
    points: [
      [3, 3],
      [8, 8],
    ],
    radius: 2,
  },
  { edit: 'clean', object: 'object-1', slices: [0], how: 'fill' },
  { edit: 'masks', object: 'object-2', masks: [[0, patch]] },
  { edit: 'object/change', object: 'object-2', properties: { visible: false, label: 'left liver' } },
  { edit: 'prompt/move', ...at, id: 'p1', prompt: { ...point, x: 7 } },
  { edit: 'choose', ...at, candidate: 0 },
  { edit: 'undo' },
  { edit: 'redo' },
  { edit: 'clear', object: 'object-2', slice: 0 },
];
const firstVersion = [
  { version: 1, image: 'scan.png', width, height, slices: 1 },
  { edit: 'prompt', slice: 0, prompt: point },
  { edit: 'undo' },
  { edit: 'redo' },
  { edit: 'clear', slice: 0 },
];

const session = 'scan-1';
const journal = `.med-sa/annotations/${session}.jsonl`;
const lines = (all: readonly object[]): Buffer => Buffer.from(all.map((line) => `${JSON.stringify(line)}\n`).join(''));

async function journals(): Promise<Seed[]> {
  const levels = Buffer.from(Array.from({ length: width * height }, (_, index) => (index % width > 8 ? 200 : 40)));
  const image = await sharp(levels, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
  return [[header, ...edits], firstVersion].map((all) => ({
    files: { 'scan.png': image, [journal]: lines(all) },
    damage: [journal],
    place: '',
  }));
}

/** Opens it as the kernel does, answers what is there, edits once, and opens it again. */
async function annotate(folder: string): Promise<void> {
  const images = new ImageLibrary(1);
  const models = new Models(
    async (adapters) => new FloodFillPredictor(adapters),
    images,
    () => undefined,
  );
  const store = new AnnotationStore(images);
  const output = { version: 2, sessionId: session, image: { path: 'scan.png' } } as const;
  const opened = await store.attach(folder, output);
  const source = () => models.segmenterFor(opened.file, null);
  try {
    await opened.session.answer(0, source);
    const { state } = opened.session;
    expectThat(state.objects.length > 0 && state.objects.some(({ id }) => id === state.active), 'no active object');
    for (const { id } of state.objects) {
      const found = await opened.session.mask(id, 0, source);
      expectThat(found === null || found.data.length === width * height, `the mask of ${id} is of another size`);
    }
    await opened.session.prompt(
      { edit: 'prompt/add', object: state.active, slice: 0, id: 'fuzz', prompt: point as never },
      source,
    );
  } finally {
    await store.release();
  }
  const again = await new AnnotationStore(images).attach(folder, output);
  const kept = again.session.prompts(opened.session.state.active, 0);
  expectThat(
    kept.some(({ id }) => id === 'fuzz'),
    'an edit that was answered is not there any more',
  );
}

const notebook = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: 'med-sa', display_name: 'Med-SA' } },
  cells: [
    { id: 'a', cell_type: 'markdown', metadata: {}, source: ['# Title\n', 'text'] },
    {
      id: 'b',
      cell_type: 'code',
      metadata: { tags: ['parameters'] },
      source: 'const x = 1;',
      execution_count: 1,
      outputs: [
        { output_type: 'stream', name: 'stdout', text: ['1\n'] },
        { output_type: 'display_data', data: { 'text/plain': 'x', 'application/json': { a: 1 } }, metadata: {} },
        { output_type: 'error', ename: 'E', evalue: 'v', traceback: [] },
      ],
    },
  ],
};

export const noteReaders: readonly Reader[] = [
  fileReader('annotation journal', 7, journals, annotate),
  fileReader(
    'notebook',
    5,
    async () => [{ files: { 'book.ipynb': Buffer.from(JSON.stringify(notebook, null, 1)) } }],
    async (file) => {
      const read = await readNotebook(file);
      expectThat(
        read.cells.every(({ source }) => typeof source === 'string'),
        'a cell without its text',
      );
      const out = path.join(path.dirname(file), 'out.ipynb');
      await writeNotebook(out, read);
      expectThat((await readNotebook(out)).cells.length === read.cells.length, 'a notebook that does not come back');
      fs.rmSync(out);
    },
  ),
];
