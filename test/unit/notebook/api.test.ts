import fs from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readMask } from '../../../src/kernel/imaging';
import { imageMime, type ImageOutput, type ViewerRequest } from '../../../src/protocol';
import { temporaryFolder } from '../../support/temporaryFolder';
import { ViewMirror } from '../../support/viewMirror';
import { discArea, discs, drawDiscs } from '../annotation/discs';
import { dicomFile, picture, place } from '../imaging/dicom/dicomBytes';
import { startKernel } from './notebookKernel';

const folder = temporaryFolder('api');
let cells: Awaited<ReturnType<typeof startKernel>>;

beforeAll(async () => {
  await drawDiscs(path.join(folder, 'discs.png'));
  cells = await startKernel(folder);
});

const opened = async (): Promise<ImageOutput> => {
  const { outputs } = await cells.execute('const image = await open("discs.png");\nimage');
  const [display] = outputs;
  if (display?.kind !== 'display') throw new Error(`no display: ${JSON.stringify(outputs)}`);
  expect(display.items.map(({ mime }) => mime)).toEqual([imageMime, 'image/png', 'text/plain']);
  return JSON.parse(display.items[0].data);
};

/** A page that shows an output. */
function viewOf({ viewId = '', ...output }: ImageOutput) {
  const mirror = new ViewMirror(viewId);
  let heard = cells.events.length;
  const send = async (request: object) => {
    await cells.kernel.view(cells.notebook, folder, { viewId, ...request } as ViewerRequest);
    hear();
  };
  const hear = () => {
    for (; heard < cells.events.length; heard++) mirror.receive(cells.events[heard]);
  };
  return {
    get mirror() {
      hear();
      return mirror;
    },
    send,
    attach: () => send({ type: 'viewer/attach', version: 2, output: { ...output, viewId } }),
    click: (id: string, { x, y }: { x: number; y: number }) => {
      const prompt = { kind: 'point', x, y, label: 1 };
      return send({ type: 'viewer/prompt/add', object: 'object-1', slice: 0, id, prompt });
    },
  };
}

describe('open', () => {
  it('shows the viewer, a picture for other programs and a line of text', async () => {
    const output = await opened();
    expect(output).toMatchObject({
      version: 2,
      slice: 0,
      image: { path: 'discs.png', name: 'discs.png', size: [64, 48, 1], spacing: null },
    });
    expect((await cells.execute('[image.width, image.height, await image.prompts, await image.mask]')).shown).toEqual([
      '[ 64, 48, [], null ]',
    ]);
  });

  it('tells, in text and to the viewer, what one should know of how the file was read', async () => {
    const lossy = {
      ...place({ position: [0, 0, 0], instance: '1.2.3' }),
      ...picture({ columns: 2, rows: 2, pixels: [1, 2, 3, 4] }),
      0x00282110: ['CS', '01'] as const,
    };
    await fs.writeFile(path.join(folder, 'lossy.dcm'), dicomFile(lossy));
    const { outputs } = await cells.execute('await open("lossy.dcm")');
    const [display] = outputs;
    const text = display?.kind === 'display' ? display.items.find(({ mime }) => mime === 'text/plain')?.data : null;
    const note = 'its pixels were compressed with loss: intensities are not quite those of the scanner';
    expect(text).toBe(`lossy.dcm: 2 × 2 pixels\nnote: ${note}`);
    const output = JSON.parse(display?.kind === 'display' ? display.items[0].data : '') as ImageOutput;
    const view = viewOf(output);
    await view.send({ type: 'viewer/attach', version: 2, output });
    expect(view.mirror.last('viewer/attached').image.notes).toEqual([note]);
  });

  it('says which file is missing, in one line at the line of the cell', async () => {
    const { error } = await cells.execute('\nawait open("none.png")');
    expect(error?.message).toContain('none.png');
    expect(error?.stack).toMatch(/^UserError: .*none\.png.*\n.*Cell \[\d+\], line 2\)?$/);
  });
});

describe('segment', () => {
  it('answers points with a mask that can be saved', async () => {
    const { shown, outputs, error } = await cells.execute(
      `const answer = await image.segment({ points: [[${Math.floor(discs.left.x)}, ${Math.floor(discs.left.y)}]] });\nawait answer.save("left.png");\nanswer`,
    );
    expect(error).toBeNull();
    expect(shown[0]).toContain(`mask of ${discArea} pixels`);
    expect(JSON.stringify(outputs)).toContain('image/png');
    const mask = await readMask(path.join(folder, 'left.png'));
    expect(mask.data.reduce((sum, value) => sum + value, 0)).toBe(discArea);
    expect((await cells.execute('answer.mask')).outputs[0]).toMatchObject({ items: [{ mime: 'image/png' }, {}] });
  });

  it('takes negative points and boxes, and leaves the prompts of the viewer alone', async () => {
    const code =
      'const boxed = await image.segment({ box: [0, 0, 10, 10], points: [[30, 0, 0]] });\n[boxed.mask.area, boxed.iou, await image.prompts]';
    expect((await cells.execute(code)).shown).toEqual(['[ 0, 0.9, [] ]']);
  });

  it('says what is wrong with a prompt', async () => {
    expect((await cells.execute('await image.segment({ points: [[64, 2]] })')).error?.message).toMatch(
      /outside of discs\.png/,
    );
    expect((await cells.execute('await image.segment({})')).error?.message).toMatch(/needs a prompt/);
    expect((await cells.execute('await image.segment({ points: [[1, 1]], slice: 4 })')).error?.message).toMatch(
      /slice 0 only/,
    );
  });
});

describe('the viewer and the cells', () => {
  it('see the same prompts and mask', async () => {
    const output = await opened();
    const view = viewOf(output);
    await view.attach();
    await view.click('a', discs.right);
    expect(view.mirror.area()).toBe(discArea);
    expect(view.mirror.state).toMatchObject({ undo: 'point', model: 'flood-fill (test)' });
    expect(
      (await cells.execute('const mask = await image.mask;\n[mask.area, (await image.prompts).length]')).shown,
    ).toEqual([`[ ${discArea}, 1 ]`]);
    await view.click('b', { x: 900, y: 3 });
    expect(view.mirror.last('viewer/error')).toMatchObject({
      message: expect.stringContaining('outside'),
      request: 'viewer/prompt/add',
    });
    await view.send({ type: 'viewer/undo' });
    expect((await cells.execute('await image.mask')).shown).toEqual(['null']);
  });

  it('are told when a picture is not connected', async () => {
    await cells.kernel.view(cells.notebook, folder, { type: 'viewer/undo', viewId: 'nobody' });
    expect(cells.events.at(-1)).toMatchObject({ type: 'viewer/error', viewId: 'nobody' });
  });
});

describe('useAdapters', () => {
  it('changes who answers, for this notebook, until it is taken back', async () => {
    await fs.writeFile(path.join(folder, 'knees.safetensors'), 'x');
    await cells.execute('await useAdapters("knees.safetensors")');
    expect(await cells.kernel.status()).toMatchObject({
      model: 'flood-fill',
      adapters: path.join(folder, 'knees.safetensors'),
    });
    expect((await cells.execute('(await image.segment({ points: [[1, 1]] })).model')).shown).toEqual([
      'flood-fill + knees (test)',
    ]);
    await cells.execute('await useAdapters(null)');
    expect((await cells.execute('(await image.segment({ points: [[1, 1]] })).model')).shown).toEqual([
      'flood-fill (test)',
    ]);
    expect((await cells.execute('await useAdapters("none.safetensors")')).error?.message).toContain('none.safetensors');
  });

  it('answers again what open viewers show', async () => {
    const output = await opened();
    const view = viewOf(output);
    await view.attach();
    await view.click('c', discs.right);
    const shown = () => ({ model: view.mirror.state?.model, masked: view.mirror.area() > 0 });
    expect(shown()).toEqual({ model: 'flood-fill (test)', masked: true });
    await cells.kernel.useAdapters(cells.notebook, path.join(folder, 'knees.safetensors'));
    await expect.poll(shown).toEqual({ model: 'flood-fill + knees (test)', masked: true });
    await cells.kernel.useAdapters(cells.notebook, null);
    await expect.poll(shown).toEqual({ model: 'flood-fill (test)', masked: true });
  });
});
