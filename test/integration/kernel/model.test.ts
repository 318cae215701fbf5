// The kernel with nothing put in place of its parts: a tiny SAM in the engine, a fine-tune by the command line.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageMime, trainingMime, type ImageOutput } from '../../../src/protocol';
import { bundledTogether } from '../../support/bundle';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs, writeTinyModel } from '../../support/tinyModel';
import { KernelUnderTest } from './client';

const folder = temporaryFolder('kernel-model');
let kernel: KernelUnderTest;

beforeAll(async () => {
  const model = path.join(folder, 'tiny.safetensors');
  await writeTinyModel(model);
  await drawTinyPairs(path.join(folder, 'discs'), 8);
  const programs = await bundledTogether({
    kernel: 'src/kernel/main.ts',
    engine: 'src/kernel/runtime/engineProcess.ts',
    cell: 'src/kernel/notebook/cell/main.ts',
    cli: 'src/kernel/cli/main.ts',
  });
  kernel = new KernelUnderTest(path.join(programs, 'kernel.js'), folder, { MEDSA_MODEL: model, MEDSA_DEVICE: 'cpu' });
});

async function openPicture(): Promise<ImageOutput> {
  const { outputs } = await kernel.execute('await open("discs/image-0.png")');
  const live = outputs.flatMap((output) => (output.kind === 'display' ? output.items : []));
  return JSON.parse(live.find(({ mime }) => mime === imageMime)?.data ?? '');
}

describe('the kernel on its real parts', () => {
  // The engine's process is found by way of /proc.
  it.runIf(process.platform === 'linux')('answers a click, and again after its engine was killed', async () => {
    const output = await openPicture();
    const viewId = output.viewId!;
    await kernel.view({ type: 'viewer/attach', version: 2, viewId, output });
    const prompt = { kind: 'point', x: 30.5, y: 24.5, label: 1 } as const;
    const target = { viewId, object: 'object-1', slice: 0 };
    await kernel.view({ type: 'viewer/prompt/add', ...target, id: 'a', prompt });
    expect(kernel.last('viewer/change')).toMatchObject({
      state: { model: 'tiny (cpu)' },
      objects: [{ prompts: [{ id: 'a', prompt }], iou: expect.any(Number), candidates: [{}, {}, {}, {}] }],
    });
    await kernel.view({ type: 'viewer/hover', ...target, previewId: 1, prompt: { ...prompt, x: 12.5 } });
    expect(kernel.last('viewer/preview')).toMatchObject({ previewId: 1, iou: expect.any(Number) });

    const engines = childrenOf(kernel.child.pid ?? 0, 'engine.js');
    expect(engines).toHaveLength(1);
    process.kill(engines[0], 'SIGKILL');
    // Gone from the table of processes: its parent has heard of it.
    await expect.poll(() => fs.existsSync(`/proc/${engines[0]}`)).toBe(false);
    await kernel.view({ type: 'viewer/prompt/add', ...target, id: 'b', prompt: { ...prompt, x: 10.5, label: 0 } });
    expect(kernel.last('viewer/change').objects).toMatchObject([
      { prompts: [{ prompt }, { prompt: { x: 10.5 } }], iou: expect.any(Number) },
    ]);
    expect(kernel.events.filter((event) => event.type === 'viewer/error')).toEqual([]);
  });

  it('fine-tunes in a cell, reports while it trains, and answers with the adapters', async () => {
    const run = await kernel.execute('const run = await finetune({ data: "discs", epochs: 3, batch: 2 });\nrun.best');
    expect(run.outputs.filter(({ kind }) => kind === 'error')).toEqual([]);
    const shown = run.outputs.flatMap((output) => (output.kind === 'display' ? output.items : []));
    const summary = JSON.parse(shown.filter(({ mime }) => mime === trainingMime).at(-1)?.data ?? '');
    expect(summary).toMatchObject({ status: 'done', epochs: 3, epoch: 3, bestDice: expect.any(Number) });
    expect(summary.loss.length).toBeGreaterThan(2);
    expect(fs.existsSync(path.join(summary.run, 'checkpoints', 'best.safetensors'))).toBe(true);
    const { outputs } = await kernel.execute(
      'await useAdapters(run);\n(await (await open("discs/image-0.png")).segment({ points: [[30, 24]] })).model',
    );
    expect(JSON.stringify(outputs)).toContain(`tiny + ${path.basename(summary.run)} (cpu)`);
  });

  it('starts a run for the extension, sends its progress to a view, and stops it', async () => {
    const { notebook } = kernel;
    const { run } = await kernel.request('training/start', { notebook, folder, data: 'discs', epochs: 500, batch: 2 });
    await kernel.view({ type: 'training/attach', viewId: 'curves', run });
    await expect
      .poll(() => kernel.last('training/summary').summary.loss.length, { timeout: 30_000 })
      .toBeGreaterThan(2);
    expect(kernel.last('training/summary')).toMatchObject({ viewId: 'curves', summary: { status: 'running' } });
    expect(await kernel.request('training/stop', { run })).toEqual({ stopped: true });
    await expect.poll(() => kernel.last('training/summary').summary.status, { timeout: 30_000 }).toBe('stopped');
  });

  it('says what is wrong with data that cannot be trained on', async () => {
    const { notebook } = kernel;
    const asked = kernel.request('training/start', { notebook, folder, data: 'nowhere' });
    await expect(asked).rejects.toThrow(/nowhere/);
  });
});

/** Processes below a process whose command line names a program. */
function childrenOf(parent: number, program: string): number[] {
  const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const [, after] = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
      const isChild = Number(after.split(' ')[1]) === parent;
      return isChild && fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(program);
    } catch {
      return false;
    }
  });
}
