// The inspector's page with the kernel's own answers behind it: a parity model is inspected, and its session is asked.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import fs from 'node:fs';
import path from 'node:path';
import { readSafetensors } from '../../src/kernel/checkpoints';
import { AdapterInspector, InspectionSession, readings, type ImageInspection } from '../../src/kernel/inspection';
import type { RgbImage } from '../../src/kernel/imaging';
import { createLocalExecutor } from '../../src/kernel/runtime/localExecutor';
import type { Executor } from '../../src/kernel/runtime/types';
import type { InspectorEvent, InspectorOutput, InspectorRequest } from '../../src/protocol/inspector';
import { inspectorRequestSchema } from '../../src/protocol/inspectorSchema';
import { browserOfTests, hasBrowser } from '../support/browser';
import { drawDiscs } from '../support/drawnImage';
import { temporaryFolder } from '../support/temporaryFolder';
import { goldensOf } from '../unit/inspection/parityModel';
import { OutputPage } from './outputPage';
import type { ThemeName } from './themes';

/** Five slices of 200×150 pixels with a bright disc that grows. */
function pictures(): RgbImage[] {
  return [18, 26, 34, 40, 30].map((radius) => {
    const { width, height, pixels } = drawDiscs(200, 150, [{ x: 90, y: 70, radius, level: 190 }]);
    const rgb = new Uint8Array(3 * width * height);
    pixels.forEach((level, pixel) => rgb.fill(level, 3 * pixel, 3 * pixel + 3));
    return { width, height, rgb };
  });
}

describe.skipIf(!hasBrowser)('the inspector in a browser', () => {
  const browser = browserOfTests();
  let executor: Executor;
  let inspection: ImageInspection;
  let session: InspectionSession;
  let folder: string;
  let notebook: OutputPage;

  beforeAll(async () => {
    if (!hasBrowser) return;
    executor = await createLocalExecutor({ device: 'cpu', threads: 1 });
    const { model } = await goldensOf('tiny', 'medsa3d');
    inspection = await new AdapterInspector(model, executor).inspect(pictures());
    folder = temporaryFolder('inspector');
    session = new InspectionSession({
      id: 'heart',
      inspection,
      pictures: pictures(),
      exportFolder: folder,
      firstSlice: 7,
    });
  });
  afterEach(() => notebook?.close());
  afterAll(() => executor?.dispose());

  /** Answers what the page asks, until it asks no more. */
  const serve = async (): Promise<InspectorRequest[]> => {
    const asked: InspectorRequest[] = [];
    for (let quiet = 0; quiet < 4; quiet++) {
      const requests = (await notebook.sent()).map((request) => inspectorRequestSchema.parse(request));
      if (requests.length > 0) quiet = 0;
      for (const request of requests) await notebook.receive(await session.answer(request));
      asked.push(...requests);
      await notebook.drawn();
    }
    return asked;
  };
  const outputOf = (begin: InspectorOutput['begin'] = { slice: 0, prompts: [null, null] }): InspectorOutput => {
    return { version: 1, summary: session.summary(), begin };
  };
  const open = async (begin?: InspectorOutput['begin']): Promise<void> => {
    notebook = await OutputPage.open(browser(), 'inspector', 2);
    await notebook.page.setViewportSize({ width: 1180, height: 900 });
    await notebook.render(outputOf(begin));
    await serve();
  };
  const figureNamed = (title: string) =>
    notebook.page.locator('figure').filter({ has: notebook.page.getByText(title, { exact: true }) });
  const canvasOf = (title: string) => figureNamed(title).locator('canvas').first();
  const alert = () => notebook.page.getByRole('alert');

  it('shows every block, and the maps of the chosen one only', async () => {
    await open();
    const tabs = notebook.page.getByRole('tab');
    expect(await tabs.count()).toBe(4);
    expect(await tabs.first().getAttribute('aria-label')).toMatch(/Block 0: output changed by .*Space .* units dead/);
    await tabs.nth(2).click();
    // The block's own maps in one request; which slice looks at which, and where, in two others.
    const asked = (await serve()).flatMap((request) => (request.type === 'inspector/maps' ? [request.maps] : []));
    expect(asked.map(({ length }) => length).sort()).toEqual([1, 1, 4]);
    expect(JSON.stringify(asked)).not.toMatch(/blocks\.[013]/);
    expect(await notebook.page.getByRole('heading', { name: 'Block 2' }).count()).toBe(1);
  });

  it('links the cursor, and every value is the tensor’s', async () => {
    await open();
    const canvas = canvasOf('Space');
    const box = (await canvas.boundingBox())!;
    await canvas.hover({ position: { x: box.width * 0.45, y: box.height * 0.55 } });
    // 200×150 on 8×8 cells: 8 columns, 6 rows.
    const [x, y] = [3, 3];
    for (const [title, name] of [
      ['Space', readings.addition('image_encoder.blocks.0.space_adapter')],
      ['MLP', readings.addition('image_encoder.blocks.0.mlp_adapter')],
      ['Depth', readings.addition('image_encoder.blocks.0.depth_adapter')],
      ['Change of output', 'image_encoder.blocks.0.difference.norm'],
    ]) {
      const text = await figureNamed(title).locator('output').textContent();
      const found = /^\(3, 3\) (\S+)$/.exec(text ?? '');
      expect(found, `${title}: ${text}`).not.toBeNull();
      const { data, shape } = inspection.reading(name);
      const value = data[y * shape[2] + x];
      const visible = [...data.subarray(0, 6 * 8)];
      const step = (Math.max(...visible) - Math.min(...visible)) / 255;
      expect(Math.abs(Number(found![1]) - value)).toBeLessThan(step + 0.006 * value);
    }
  });

  it('is worked by the keyboard, and keeps its keys from the notebook', async () => {
    await open();
    await notebook.page.getByRole('tab').first().focus();
    await notebook.page.keyboard.press('ArrowRight');
    await serve();
    expect(await notebook.page.getByRole('tab', { selected: true }).getAttribute('aria-label')).toMatch(/^Block 1/);
    await canvasOf('Space').focus();
    await notebook.page.keyboard.press('ArrowLeft');
    const output = figureNamed('MLP').locator('output');
    const before = await output.textContent();
    await notebook.page.keyboard.press('ArrowDown');
    expect(await output.textContent()).not.toBe(before);
    expect(await figureNamed('Space').locator('output').getAttribute('aria-live')).toBe('polite');
    expect(await notebook.leaked()).toEqual([]);
  });

  it('draws single channels, and says which there are', async () => {
    await open();
    await notebook.page.getByLabel('MLP: what is drawn').selectOption('hidden:channel');
    await notebook.page.getByLabel('MLP: channel').fill('99');
    await notebook.page.getByLabel('MLP: channel').press('Tab');
    const asked = await serve();
    expect(JSON.stringify(asked)).toMatch(
      /"of":"channel","attachment":"image_encoder.blocks.0.mlp_adapter","part":"hidden","channel":7/,
    );
    expect(await alert().count()).toBe(0);
  });

  it('shows which slices look at which, and where', async () => {
    await open();
    await canvasOf('Slice looks at slice').click({ position: { x: 190, y: 10 } });
    const asked = await serve();
    expect(JSON.stringify(asked)).toMatch(/"from":0,"to":4/);
    expect(await figureNamed('Where').textContent()).toMatch(/slice 7 looks at slice 11/);
    await notebook.page.getByLabel('Slice', { exact: false }).first().fill('3');
    await serve();
    expect(await alert().count()).toBe(0);
  });

  it('compares two prompts and the frozen SAM, and exports', async () => {
    await open();
    await canvasOf('Prompts').click({ position: { x: 95, y: 70 } });
    await serve();
    expect(await notebook.page.getByText('Give prompt A and prompt B').count()).toBe(1);
    await notebook.page.getByLabel('Prompt B').check();
    await canvasOf('Prompts').click({ position: { x: 20, y: 20 }, modifiers: ['Shift'] });
    const [second] = await serve();
    expect(second).toMatchObject({ type: 'inspector/prompt', slot: 1, prompts: { points: [{ label: 0 }] } });
    expect(await figureNamed('W0 · B − A').first().textContent()).toMatch(/changed by [\d.]+ %/);
    await notebook.page.getByRole('button', { name: 'Compare with frozen SAM' }).click();
    await serve();
    expect(await figureNamed('Masks').textContent()).toMatch(/Dice of the two [\d.]+/);
    await notebook.page.getByRole('button', { name: 'Export tensors' }).click();
    await notebook.page.getByRole('button', { name: 'Save Space as PNG' }).click();
    await serve();
    const files = fs.readdirSync(folder).sort();
    expect(files.map((file) => path.extname(file))).toEqual(['.png', '.safetensors']);
    const { tensors, metadata } = await readSafetensors(path.join(folder, files[1]));
    expect(metadata).toMatchObject({ format: 'med-sa-inspection', model: 'tiny', adapters: 'medsa3d', slices: '5' });
    const name = readings.addition('image_encoder.blocks.1.depth_adapter');
    expect(tensors.get(name)!.data).toEqual(inspection.reading(name).data);
    expect(tensors.has('prompt.1.mask_decoder.layers.1.prompt_adapter.generated.2')).toBe(true);
    await notebook.picture('inspector-compared');
  });

  it('takes a box by dragging, and by keys at two corners', async () => {
    await open();
    const canvas = canvasOf('Prompts');
    await canvas.scrollIntoViewIfNeeded();
    const box = (await canvas.boundingBox())!;
    const at = (x: number, y: number) => [box.x + (x / 200) * box.width, box.y + (y / 150) * box.height] as const;
    await notebook.page.mouse.move(...at(140.5, 110.5));
    await notebook.page.mouse.down();
    await notebook.page.mouse.move(...at(100, 80), { steps: 3 });
    await notebook.picture('inspector-box-drawn');
    await notebook.page.mouse.move(...at(40.5, 30.5), { steps: 3 });
    await notebook.page.mouse.up();
    const dragged = (await serve()).filter(({ type }) => type === 'inspector/prompt');
    expect(dragged).toMatchObject([{ slot: 0, prompts: { points: [], box: [40, 30, 141, 111] } }]);
    expect(await notebook.page.getByText(/Estimated IoU .* a box on slice 7/).count()).toBe(1);
    // From a cell's centre two columns (25 pixels each) and a row on, with the pixels that both corners lie on.
    await canvas.focus();
    await notebook.page.keyboard.press('ArrowRight');
    await notebook.page.keyboard.press('b');
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown']) await notebook.page.keyboard.press(key);
    await notebook.page.keyboard.press('b');
    const [keyed] = (await serve()).filter(({ type }) => type === 'inspector/prompt');
    const { prompts } = keyed as Extract<InspectorRequest, { type: 'inspector/prompt' }>;
    const [x0, y0, x1, y1] = prompts.box!;
    expect([x1 - x0, y1 - y0]).toEqual([51, 26]);
    expect(await alert().count()).toBe(0);
    expect(await notebook.leaked()).toEqual([]);
  });

  it('begins with the prompts that a cell gave', async () => {
    await open({
      slice: 2,
      prompts: [
        { points: [{ x: 90, y: 70, label: 1 }], box: null },
        { points: [], box: [40, 30, 140, 110] },
      ],
    });
    expect(await notebook.page.getByText(/Estimated IoU .* 1 point on slice 9/).count()).toBe(1);
    expect(await figureNamed('W0 · B − A').first().textContent()).toMatch(/changed by [\d.]+ %/);
    expect(await notebook.page.getByText('9 of 7–11').count()).toBe(1);
  });

  it('draws the decoder’s channels, whose values are the tensor’s', async () => {
    await open({ slice: 0, prompts: [{ points: [{ x: 90, y: 70, label: 1 }], box: null }, null] });
    const asked = await inspection.ask({ points: [{ x: 90, y: 70, label: 1 }], box: null }, 0);
    for (const [title, name, columns, tokens] of [
      ['Layer 1 · Image', 'mask_decoder.layers.1.image_adapter', 8, false],
      ['Layer 0 · MLP', 'mask_decoder.layers.0.mlp_adapter', 7, true],
    ] as const) {
      await notebook.page.getByLabel(`${title}: what is drawn`).selectOption('addition:channel');
      await notebook.page.getByLabel(`${title}: channel`).fill('3');
      await notebook.page.getByLabel(`${title}: channel`).press('Tab');
      await serve();
      const canvas = canvasOf(title);
      const size = (await canvas.boundingBox())!;
      await canvas.hover({ position: { x: size.width * (2.5 / columns), y: size.height * (tokens ? 0.5 : 2.5 / 6) } });
      const text = await figureNamed(title).locator('output').textContent();
      const { shape, data } = await inspection.promptChannel(asked, name, 'addition', 3);
      const value = tokens ? data[2] : data[2 * shape[2] + 2];
      const found = /^\(2, (?:0|2)\) ([≤≥] )?(-?[\d.e-]+)/.exec(text ?? '');
      expect(found, `${title}: ${text}`).not.toBeNull();
      const seen = tokens ? [...data] : [...data].filter((_, at) => at % shape[2] < 8 && at < 6 * shape[2]);
      const step = (2 * Math.max(...seen.map(Math.abs))) / 255;
      expect(Math.abs(Number(found![2]) - value), `${text} ${value}`).toBeLessThan(step + 0.006 * Math.abs(value));
    }
  });

  it('saves every map that is on the page', async () => {
    await open({
      slice: 0,
      prompts: [
        { points: [{ x: 90, y: 70, label: 1 }], box: null },
        { points: [], box: [40, 30, 140, 110] },
      ],
    });
    await notebook.page.getByRole('button', { name: 'Compare with frozen SAM' }).click();
    await serve();
    const buttons = notebook.page.getByRole('button', { name: /^Save .* as PNG$/ });
    const figures = notebook.page.locator('figure');
    // All but the picture that prompts are drawn on.
    expect(await buttons.count()).toBe((await figures.count()) - 1);
    const before = new Set(fs.readdirSync(folder));
    for (const button of await buttons.all()) await button.click();
    const asked = (await serve()).filter(({ type }) => type === 'inspector/exportMap');
    expect(await alert().count(), await alert().allTextContents().then(String)).toBe(0);
    const made = fs.readdirSync(folder).filter((name) => !before.has(name));
    expect(new Set(asked.map((request) => JSON.stringify(request))).size).toBe(await buttons.count());
    expect(made.length + [...before].filter((name) => name.endsWith('.png')).length).toBe(await buttons.count());
    expect(made.some((name) => /masks-0-slice-7\.png$/.test(name))).toBe(true);
  });

  it('says what the kernel says when it cannot answer', async () => {
    await open();
    await canvasOf('Prompts').click({ position: { x: 95, y: 70 } });
    const [request] = (await notebook.sent()) as InspectorRequest[];
    const { viewId, requestId } = request;
    const event: InspectorEvent = {
      viewId,
      requestId,
      type: 'inspector/error',
      message: 'the engine ended: ask again',
    };
    await notebook.receive(event);
    await notebook.drawn();
    expect(await alert().textContent()).toBe('the engine ended: ask again');
  });

  it('refuses an output that is none', async () => {
    notebook = await OutputPage.open(browser(), 'inspector');
    await notebook.render({ inspection: 'x', blocks: [{}] });
    expect(await notebook.page.locator('#output').textContent()).toMatch(/damaged/);
  });

  it.each<ThemeName>(['dark', 'light', 'high-contrast'])('looks at home in the theme %s', async (name) => {
    await open();
    await notebook.theme(name);
    await notebook.page.getByRole('tab').nth(1).click();
    await serve();
    await canvasOf('Prompts').click({ position: { x: 95, y: 70 } });
    await serve();
    await canvasOf('Space').hover({ position: { x: 95, y: 70 } });
    await notebook.picture(`inspector-${name}`);
    expect(await alert().count()).toBe(0);
  });
});
