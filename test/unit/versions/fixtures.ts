// What this version writes, to be read for ever: made once for each version of the formats, and committed.
import fs from 'node:fs';
import path from 'node:path';
import { AnnotationStore, ImageLibrary, Models } from '../../../src/kernel/annotation';
import { journalFormat } from '../../../src/kernel/annotation/journalFile';
import { readSafetensors } from '../../../src/kernel/checkpoints';
import { adapterFormat } from '../../../src/kernel/inference/adapterFile';
import { exportReleased } from '../../../src/kernel/inference/exportReleased';
import { modelFormat } from '../../../src/kernel/inference/modelFile';
import type { Executor } from '../../../src/kernel/runtime/types';
import { compareFormat, CompareFolder, type CompareConfig } from '../../../src/kernel/training/compareFolder';
import { startRun } from '../../../src/kernel/training/run';
import { runFormat } from '../../../src/kernel/training/runDirectory';
import { stateFormat } from '../../../src/kernel/training/state';
import type { Prompt } from '../../../src/protocol';
import { discs, drawDiscs } from '../annotation/discs';
import { FloodFillPredictor } from '../annotation/floodFillPredictor';
import { stoppedAt, tinyMaterial } from '../training/tinyRun';

/** Stands in the committed files for the folder that they lie in. */
const here = 'FOLDER';

const comparison: CompareConfig = {
  training: { batch: 4, lr: null },
  modelHash: 'abc',
  budget: { minutes: 3 },
  evaluation: { settings: ['1-point'], seed: 0, checkpoint: 'last' },
  split: { train: ['a'], validation: ['b'] },
};

/** The last steps undone: half of one object is erased, another one has a mask without prompts. */
async function annotate(folder: string): Promise<void> {
  await drawDiscs(path.join(folder, 'discs.png'));
  const { session, source, store } = await annotationsIn(folder);
  const place = { object: 'object-1', slice: 0 };
  const add = (id: string, prompt: Prompt) => session.prompt({ edit: 'prompt/add', ...place, id, prompt }, source);
  await add('left', { kind: 'point', ...discs.left, label: 1 });
  await add('right', { kind: 'point', ...discs.right, label: 1 });
  await session.apply({ edit: 'stroke', ...place, erase: true, points: [[10, 24.5]], radius: 3 }, source);
  await add('box', { kind: 'box', x0: 1, y0: 1, x1: 4, y1: 3 });
  const [{ colour, value }] = session.state.objects;
  const object = { id: 'object-2', label: 'Übriges', colour, visible: true, value: value + 1 };
  await session.apply({ edit: 'object/add', object }, source);
  const square = { x: 50, y: 30, width: 4, height: 4, runs: 'ABA=' };
  await session.apply({ edit: 'masks', object: 'object-2', masks: [[0, square]] }, source);
  await session.apply({ edit: 'object/change', object: 'object-2', properties: { label: 'gone' } }, source);
  await session.apply({ edit: 'undo' }, source);
  await session.apply({ edit: 'show', object: 'object-1', visible: false }, source);
  await store.release();
}

/** Opens the annotated picture as a kernel does. */
export async function annotationsIn(folder: string) {
  const images = new ImageLibrary();
  const models = new Models(async () => new FloodFillPredictor(), images);
  const store = new AnnotationStore(images);
  const { session, file } = await store.open(folder, { path: 'discs.png' });
  return { session, source: () => models.segmenterFor(file, null), store };
}

/** Makes the files of today. `executor`: trains the run's first epoch. */
export async function makeFixture(folder: string, executor: Executor): Promise<void> {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  // Whatever a file may hold: adapters, and the mask decoder beside them (format 2).
  const options = { ...(await tinyMaterial(folder)), withDecoder: true };
  const run = path.join(folder, 'run');
  await startRun({ ...options, data: path.join(folder, 'data') }, run, stoppedAt(executor, isEndOfEpoch));
  fs.rmSync(path.join(run, 'tb'), { recursive: true });
  const config = path.join(run, 'config.json');
  for (const file of [config, path.join(run, 'events.jsonl'), path.join(run, 'log.txt')]) {
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll(folder, here));
  }
  await exportReleased(path.join(run, 'checkpoints', 'best.safetensors'), path.join(folder, 'released.safetensors'));
  const written = await CompareFolder.open(path.join(folder, 'comparison'), comparison);
  await written.planEpochs('lora', 7);
  await written.writeResult({
    ...{ row: 'lora', seed: 1, device: 'cpu', parameters: { trained: 5, all: 10 } },
    training: { epochs: 7, seconds: 12.5 },
    scores: [
      { case: 'a', group: 'g', className: 'disc', setting: '1-point', dice: 0.5, iou: 1 / 3, hd95: null, unit: 'px' },
    ],
  });
  fs.mkdirSync(path.join(folder, 'annotated'));
  await annotate(path.join(folder, 'annotated'));
}

const isEndOfEpoch = ({ type }: { readonly type: string }): boolean => type === 'checkpoint';

/** The formats that a fixture's files state: of model, adapters, training state, run, comparison and journal. */
export async function formatsOf(folder: string): Promise<Record<keyof typeof formatsOfToday, number>> {
  const tensors = async (...parts: string[]): Promise<number> =>
    Number((await readSafetensors(path.join(folder, ...parts))).metadata.version);
  const json = (...parts: string[]): number => versionIn(fs.readFileSync(path.join(folder, ...parts), 'utf8'));
  const annotations = path.join(folder, 'annotated', '.med-sa', 'annotations');
  const [journal] = fs.readdirSync(annotations).filter((name) => name.endsWith('.jsonl'));
  return {
    model: await tensors('tiny.safetensors'),
    adapters: await tensors('run', 'checkpoints', 'best.safetensors'),
    state: await tensors('run', 'checkpoints', 'state.safetensors'),
    run: json('run', 'config.json'),
    comparison: json('comparison', 'compare.json'),
    journal: versionIn(fs.readFileSync(path.join(annotations, journal), 'utf8').split('\n', 1)[0]),
  };
}

const versionIn = (text: string): number => (JSON.parse(text) as { version: number }).version;

/** The newest format of each kind of file that is written today. */
export const formatsOfToday = {
  model: modelFormat,
  adapters: adapterFormat,
  state: stateFormat,
  run: runFormat,
  comparison: compareFormat,
  journal: journalFormat,
};

/** A copy that can be worked on, as if it had been made where it lies. */
export function copyOf(fixture: string, to: string): string {
  fs.cpSync(fixture, to, { recursive: true });
  const config = path.join(to, 'run', 'config.json');
  const text = fs.readFileSync(config, 'utf8').replaceAll(here, to.split(path.sep).join('/'));
  fs.writeFileSync(config, text);
  return to;
}

export { comparison };

/** Names of a file's tensors, and the sum of their squares: what they hold, to the digits that a sum keeps. */
export async function contentOf(file: string): Promise<{ tensors: number; squares: number }> {
  const { tensors } = await readSafetensors(file);
  const squares = [...tensors.values()].flatMap(({ data }) => [...data]).reduce((sum, value) => sum + value * value, 0);
  return { tensors: tensors.size, squares };
}
