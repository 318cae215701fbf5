import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { executeNotebook } from '../../../src/kernel/notebook/headless';
import type { NotebookFile } from '../../../src/kernel/notebook/ipynb';
import type { KernelOptions } from '../../../src/kernel/notebook/kernel';
import { imageMime, trainingMime, type CellOutput } from '../../../src/protocol';
import { bundled } from '../../support/bundle';
import { projectRoot } from '../../support/projectRoot';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawDiscs } from '../annotation/discs';
import { FloodFillPredictor } from '../annotation/floodFillPredictor';
import { writeTrainCommand } from './trainCommand';

const folder = temporaryFolder('headless');
let kernel: KernelOptions;

beforeAll(async () => {
  await drawDiscs(path.join(folder, 'discs.png'));
  const entry = await bundled('src/kernel/notebook/cell/main.ts', 'cell');
  const cli = writeTrainCommand(folder);
  kernel = {
    createPredictor: async (adapters) => new FloodFillPredictor(adapters),
    cellEntry: () => entry,
    cli: () => cli,
  };
});

const code = (source: string) => ({
  cell_type: 'code',
  metadata: { kept: true },
  source,
  outputs: [],
  execution_count: null,
});

function writeNotebook(name: string, cells: object[]): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, JSON.stringify({ nbformat: 4, nbformat_minor: 2, metadata: { mine: 1 }, cells }));
  return file;
}

const read = (file: string): NotebookFile => JSON.parse(fs.readFileSync(file, 'utf8'));

describe('a notebook without an editor', () => {
  it('is executed from top to bottom and written with its outputs', async () => {
    const notebook = writeNotebook('whole.ipynb', [
      { cell_type: 'markdown', metadata: {}, source: ['# Title\n', 'text'] },
      { ...code('const picture = "none.png";'), metadata: { tags: ['parameters'] } },
      code('console.log("one\\ntwo");\nconst image = await open(picture);\nimage'),
      code(''),
      code('const run = await finetune({ data: "hearts", epochs: 2 });\nrun.dice'),
      code('await useAdapters(run);\n(await image.segment({ points: [[1, 1]] })).model'),
      code('(await evaluate({ data: "hearts", prompts: ["1-point", "bbox-0.5"] })).asked'),
    ]);
    const out = path.join(folder, 'out', 'whole.ipynb');
    const live: CellOutput[] = [];
    const result = await executeNotebook({
      kernel,
      notebook,
      out,
      folder,
      variables: { picture: 'discs.png' },
      onOutput: (output) => live.push(output),
    });
    expect(result).toEqual({ ok: true, error: null, cells: 6 });

    const written = read(out);
    expect(written).toMatchObject({ nbformat: 4, nbformat_minor: 5, metadata: { mine: 1 } });
    expect(written.cells.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7].map((number) => `cell-${number}`));
    const [title, parameters, open, , train, use, measure] = written.cells;
    expect(title).toEqual({ cell_type: 'markdown', metadata: {}, source: ['# Title\n', 'text'], id: 'cell-1' });
    expect(parameters.source).toEqual(['const picture = "discs.png";']);
    expect(open.execution_count).toBe(2);
    expect(open.outputs?.[0]).toEqual({ output_type: 'stream', name: 'stdout', text: ['one\n', 'two\n'] });
    expect(open.outputs?.[1]).toMatchObject({
      output_type: 'display_data',
      data: {
        [imageMime]: { version: 2 },
        'image/png': expect.stringMatching(/^iVBOR/),
        'text/plain': [expect.any(String)],
      },
    });
    expect(train.outputs).toHaveLength(2);
    expect(train.outputs?.[0]).toMatchObject({
      data: { [trainingMime]: { status: 'done', bestDice: 0.7 }, 'image/png': expect.stringMatching(/^iVBOR/) },
    });
    expect(train.outputs?.[1]).toMatchObject({ data: { 'text/plain': ['{ before: 0.4, best: 0.7 }'] } });
    expect(JSON.stringify(use.outputs)).toContain('flood-fill + best (test)');
    expect(JSON.stringify(measure.outputs)).toMatch(/--prompts 1-point,bbox-0.5.*--json/);
    expect(live.some((output) => output.kind === 'display' && output.replace)).toBe(true);
  });

  it('may be the demo', async () => {
    const variables = {
      dataFolder: 'hearts',
      exampleImage: path.join(folder, 'discs.png'),
      exampleClick: [16, 24],
      epochs: 2,
    };
    const out = path.join(folder, 'demo', 'demo.ipynb');
    const notebook = path.join(projectRoot, 'media', 'demo', 'demo.ipynb');
    const result = await executeNotebook({ kernel, notebook, out, variables });
    expect(result).toMatchObject({ ok: true, error: null });
    const printed = JSON.stringify(read(out).cells.at(-1)?.outputs);
    expect(printed).toMatch(/before: 40\.0 %.*after: {2}70\.0 %.*Adapters: .*best\.safetensors/);
  });

  it('is refused values that it has no place for', async () => {
    const notebook = writeNotebook('plain.ipynb', [code('1')]);
    await expect(executeNotebook({ kernel, notebook, out: notebook, variables: { epochs: 1 } })).rejects.toThrow(
      /parameters/,
    );
  });

  it('stops at the first error and keeps what was done until then', async () => {
    const notebook = writeNotebook('broken.ipynb', [code('1'), code('await open("none.png")'), code('3')]);
    const result = await executeNotebook({ kernel, notebook, out: notebook });
    expect(result).toMatchObject({ ok: false, error: expect.stringContaining('none.png') });
    const [first, second, third] = read(notebook).cells;
    expect(first.outputs).toHaveLength(1);
    expect(second.outputs?.[0]).toMatchObject({
      output_type: 'error',
      ename: 'UserError',
      traceback: expect.any(Array),
    });
    expect(third).toMatchObject({ outputs: [], execution_count: null });
  });

  it.each([0, 600])('is cancelled %i ms after its start', async (delay) => {
    const notebook = writeNotebook('endless.ipynb', [code('while (true);')]);
    const controller = new AbortController();
    const running = executeNotebook({ kernel, notebook, out: notebook, signal: controller.signal });
    setTimeout(() => controller.abort(), delay);
    await expect(running).rejects.toThrow('cancelled');
    if (delay > 0) expect(read(notebook).cells[0].outputs?.[0]).toMatchObject({ ename: 'Interrupted' });
  });

  it('stops its fine-tune, resumably, when it is cancelled', async () => {
    const notebook = writeNotebook('training.ipynb', [code('await finetune({ data: "endless" })')]);
    const controller = new AbortController();
    const onOutput = (output: CellOutput) => output.kind === 'display' && controller.abort();
    const running = executeNotebook({ kernel, notebook, out: notebook, signal: controller.signal, onOutput });
    await expect(running).rejects.toThrow('cancelled');
    const runs = path.join(folder, 'runs');
    const [run] = fs.readdirSync(runs).filter((name) => name.startsWith('endless'));
    const events = () => fs.readFileSync(path.join(runs, run, 'events.jsonl'), 'utf8');
    await expect.poll(events).toContain('"stopped"');
  });

  it('is refused when it is none', async () => {
    const file = path.join(folder, 'text.ipynb');
    fs.writeFileSync(file, 'hello');
    await expect(executeNotebook({ kernel, notebook: file, out: file })).rejects.toThrow(/text\.ipynb is no Jupyter/);
    expect(fs.readFileSync(file, 'utf8')).toBe('hello');
    const missing = path.join(folder, 'missing.ipynb');
    await expect(executeNotebook({ kernel, notebook: missing, out: missing })).rejects.toThrow(/missing\.ipynb/);
  });
});
