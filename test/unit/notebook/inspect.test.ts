// Inspections as cells and pages have them, on the parity models: what is told is the model's, and nothing is left behind.
import fs from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readSafetensors } from '../../../src/kernel/checkpoints';
import { ImageLibrary, versionOf } from '../../../src/kernel/annotation';
import { understood } from '../../../src/extension/kernelProcess';
import { AdapterInspector, readings } from '../../../src/kernel/inspection';
import { type InspectionSubject, Inspections } from '../../../src/kernel/notebook/inspections';
import { createLocalExecutor } from '../../../src/kernel/runtime/localExecutor';
import type { Executor } from '../../../src/kernel/runtime/types';
import { inspectorMime, type InspectorOutput, type InspectorRequest } from '../../../src/protocol/inspector';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawDiscs } from '../annotation/discs';
import { goldensOf } from '../inspection/parityModel';
import { startKernel } from './notebookKernel';

const folder = temporaryFolder('inspect');
const file = path.join(folder, 'discs.png');
const adapters = path.join(folder, 'adapters.safetensors');
let executor: Executor;
let cells: Awaited<ReturnType<typeof startKernel>>;
let opened = 0;

const createInspector = async (): Promise<AdapterInspector> => {
  opened++;
  return new AdapterInspector((await goldensOf('tiny', 'medsa2d')).model, executor);
};

beforeAll(async () => {
  await drawDiscs(file);
  await fs.writeFile(adapters, 'what the parity model stands for here');
  executor = await createLocalExecutor({ device: 'cpu', threads: 1 });
  cells = await startKernel(folder, { createInspector });
});
afterAll(() => executor?.dispose());

const shown = async (code: string): Promise<InspectorOutput> => {
  const { outputs } = await cells.execute(code);
  const display = outputs.at(-1);
  if (display?.kind !== 'display') throw new Error(JSON.stringify(outputs));
  expect(display.items.map(({ mime }) => mime)).toEqual([inspectorMime, 'image/png', 'text/plain']);
  return JSON.parse(display.items[0].data);
};
const ask = (inspection: string, body: object, viewId = 'view') =>
  cells.kernel.answerInspector({ viewId, inspection, requestId: 1, ...body } as InspectorRequest);

describe('inspect in a cell', () => {
  const call = 'await inspect("discs.png", { adapters: "adapters.safetensors", points: [[20, 20]] })';

  it('is the page, with the prompt that it begins with; asked again, the same inspection', async () => {
    const output = await shown(call);
    expect(output).toMatchObject({
      version: 1,
      summary: { model: 'tiny', adapters: 'medsa2d', width: 64, height: 48, slices: 1, firstSlice: 0 },
      begin: { slice: 0, prompts: [{ points: [{ x: 20, y: 20, label: 1 }], box: null }, null] },
    });
    const before = opened;
    expect((await shown(call)).summary).toEqual(output.summary);
    expect(opened).toBe(before);
  });

  it('gives figures and tensors that are the model’s', async () => {
    const name = readings.addition('image_encoder.blocks.1.space_adapter');
    const generated = readings.generated('mask_decoder.layers.0.prompt_adapter', 1);
    const { stdout, error } = await cells.execute(
      `const looked = ${call};\n` +
        `const tensor = await looked.tensor(${JSON.stringify(name)});\n` +
        `const weights = await looked.tensor(${JSON.stringify(`prompt.0.${generated}`)});\n` +
        'await looked.save("looked.safetensors");\n' +
        'const list = ({ shape, data }) => ({ shape, data: [...data] });\n' +
        'console.log(JSON.stringify({ tensor: list(tensor), weights: list(weights), blocks: looked.blocks }))',
    );
    expect(error).toBeNull();
    const said = JSON.parse(stdout);
    const inspector = await createInspector();
    const picture = await new ImageLibrary().picture(await versionOf(file), 0);
    const inspection = await inspector.inspect([picture]);
    const asked = await inspection.ask({ points: [{ x: 20, y: 20, label: 1 }], box: null });
    expect(said.tensor).toEqual({ shape: inspection.reading(name).shape, data: [...inspection.reading(name).data] });
    expect(said.weights.data).toEqual([...asked.readings.get(generated)!.data]);
    const change = inspection.reading('image_encoder.blocks.0.change').data[0];
    expect(said.blocks[0]).toMatchObject({ name: 'image_encoder.blocks.0', change });
    const { tensors } = await readSafetensors(path.join(folder, 'looked.safetensors'));
    expect(tensors.get(name)!.data).toEqual(inspection.reading(name).data);
    expect(tensors.get(`prompt.0.${generated}`)!.data).toEqual(asked.readings.get(generated)!.data);
    await inspection.free();
    await inspector.dispose();
  });

  it('says what is missing or wrong', async () => {
    const said = async (code: string) => (await cells.execute(code)).error?.message;
    expect(await said('await inspect("discs.png")')).toMatch(/needs adapters/);
    expect(await said('await inspect("discs.png", { adapters: "no.safetensors" })')).toMatch(
      /no\.safetensors is not there/,
    );
    expect(await said(call.replace('points', 'slice: 3, points'))).toMatch(/slice 0 only/);
    expect(await said(call.replace('20, 20', '20, 200'))).toMatch(/lies outside/);
    expect(await said(`await (${call.replace('await ', '')}).then((one) => one.tensor("nothing"))`)).toMatch(
      /nothing named/,
    );
  });
});

describe('inspections that pages ask', () => {
  it('of a panel begin with what is annotated on the image', async () => {
    const { notebook } = cells;
    const image = { version: 2 as const, image: { path: 'discs.png' }, annotation: 'panel' };
    const params = { notebook, folder, image, adapters: 'adapters.safetensors' };
    expect((await cells.kernel.inspect(params)).begin).toEqual({ slice: 0, prompts: [null, null] });
    await cells.execute(
      'const annotated = await open("discs.png", { annotation: "panel" });\n' +
        'await annotated.label("left", { points: [[16, 24], [46, 24, 0]] })',
    );
    const points = [
      { x: 16, y: 24, label: 1 },
      { x: 46, y: 24, label: 0 },
    ];
    const opened = await cells.kernel.inspect(params);
    expect(understood('inspector/open', opened)).toEqual(opened);
    const { summary, begin } = opened;
    expect(begin).toEqual({ slice: 0, prompts: [{ points, box: null }, null] });
    const answer = await ask(summary.inspection, {
      type: 'inspector/prompt',
      slot: 0,
      slice: 0,
      prompts: begin.prompts[0],
    });
    expect(answer).toMatchObject({ type: 'inspector/prompt', answer: { slot: 0, slice: 0 } });
  });

  it('keep the prompts of each view apart', async () => {
    const { summary } = await shown('await inspect("discs.png", { adapters: "adapters.safetensors" })');
    const id = summary.inspection;
    const prompts = { points: [{ x: 20, y: 20, label: 1 }], box: null };
    const one = await ask(id, { type: 'inspector/prompt', slot: 0, slice: 0, prompts }, 'one');
    expect(one).toMatchObject({ type: 'inspector/prompt', viewId: 'one', changes: [] });
    const other = await ask(id, { type: 'inspector/prompt', slot: 1, slice: 0, prompts }, 'other');
    expect(other).toMatchObject({ changes: [] });
    expect(await ask(id, { type: 'inspector/frozen', slot: 0 }, 'other')).toMatchObject({
      type: 'inspector/error',
      message: expect.stringMatching(/there is no prompt/),
    });
  });

  it('are answered with what to do when they are not there', async () => {
    const answer = await ask('discs-png-of-another-kernel', { type: 'inspector/picture', slice: 0 });
    expect(answer).toMatchObject({ type: 'inspector/error', message: expect.stringMatching(/run its cell.*again/) });
  });
});

describe('what is kept', () => {
  const subject: InspectionSubject = { notebook: 'a', folder, file, adapters, slice: 0, volume: 1 };
  const idOf = (inspections: Inspections, of: Partial<InspectionSubject> = {}) =>
    inspections.inspect({ ...subject, ...of }, (session) => session.summary().inspection);

  it('is bounded; what is pushed out is freed, and the model with the last of it', async () => {
    const frees = vi.spyOn(executor, 'free');
    const inspections = new Inspections(createInspector, new ImageLibrary(), 2);
    const first = await idOf(inspections);
    const before = opened;
    for (const notebook of ['b', 'c']) await idOf(inspections, { notebook });
    expect(opened).toBe(before);
    await vi.waitFor(() => expect(frees).toHaveBeenCalled());
    const request = { viewId: 'v', requestId: 1, type: 'inspector/picture', slice: 0 } as const;
    expect(await inspections.answer({ ...request, inspection: first })).toMatchObject({ type: 'inspector/error' });
    inspections.dispose();
    frees.mockRestore();
  });

  it('of a notebook ends with it', async () => {
    const inspections = new Inspections(createInspector, new ImageLibrary());
    const [ours, theirs] = [await idOf(inspections), await idOf(inspections, { notebook: 'b' })];
    inspections.close('a');
    const request = { viewId: 'v', requestId: 1, type: 'inspector/picture', slice: 0 } as const;
    expect(await inspections.answer({ ...request, inspection: ours })).toMatchObject({ type: 'inspector/error' });
    expect(await inspections.answer({ ...request, inspection: theirs })).toMatchObject({ type: 'inspector/picture' });
    inspections.dispose();
  });
});
