import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageMime, type ImageOutput } from '../../../src/protocol';
import { temporaryFolder } from '../../support/temporaryFolder';
import { ViewMirror } from '../../support/viewMirror';
import { discArea, discs, drawDiscs } from '../../unit/annotation/discs';
import type { KernelUnderTest } from './client';
import { discKernels } from './programs';

const folder = temporaryFolder('kernel');
let start: () => KernelUnderTest;
let kernel: KernelUnderTest;

beforeAll(async () => {
  await drawDiscs(path.join(folder, 'scan.png'));
  start = await discKernels(folder);
  kernel = start();
});

const text = (outputs: Awaited<ReturnType<KernelUnderTest['execute']>>['outputs']): string[] =>
  outputs.flatMap((output) => {
    if (output.kind === 'stream') return [output.text];
    if (output.kind === 'error') return [output.stack];
    return output.kind === 'display'
      ? output.items.filter(({ mime }) => mime === 'text/plain').map(({ data }) => data)
      : [];
  });

function mirror(viewId: string): ViewMirror {
  const view = new ViewMirror(viewId);
  kernel.onEvent((event) => view.receive(event));
  return view;
}

async function attached(output: ImageOutput): Promise<ViewMirror> {
  const view = mirror(output.viewId ?? randomUUID());
  await kernel.view({ type: 'viewer/attach', version: 2, viewId: view.viewId, output });
  return view;
}

async function click({ viewId }: ViewMirror, id: string, at: { x: number; y: number }, notebook = kernel.notebook) {
  const prompt = { kind: 'point', x: at.x, y: at.y, label: 1 } as const;
  const request = { type: 'viewer/prompt/add', viewId, object: 'object-1', slice: 0, id, prompt } as const;
  await kernel.request('viewer/request', { notebook, folder, request });
}

async function openScan(): Promise<ImageOutput> {
  const { outputs } = await kernel.execute('await open("scan.png")');
  const [display] = outputs;
  const live = display?.kind === 'display' ? display.items.find(({ mime }) => mime === imageMime) : undefined;
  return JSON.parse(live?.data ?? '');
}

describe('the kernel process', () => {
  it('evaluates cells: await, const again, types, prints, errors with their line', async () => {
    await kernel.execute('const x: number = await Promise.resolve(20);');
    expect(text((await kernel.execute('const x = 21;\nconsole.log("doubling");\n2 * x')).outputs)).toEqual([
      'doubling\n',
      '42',
    ]);
    const { ok, outputs } = await kernel.execute('\n\nthrow new RangeError("too far")');
    expect(ok).toBe(false);
    expect(text(outputs)[0]).toMatch(/RangeError: too far\n.*Cell \[3\], line 3/);
  });

  it('answers others while a cell loops without end, and ends that cell on request', async () => {
    await kernel.execute('let turns = 0;');
    const endless = kernel.execute('while (true) turns++;');
    await new Promise((resolve) => setTimeout(resolve, 150));
    const asked = Date.now();
    const status = await kernel.request('status/get', null);
    expect(status).toMatchObject({ pid: kernel.child.pid, model: null });
    expect(Date.now() - asked).toBeLessThan(200);
    expect(await kernel.request('cell/interrupt', { notebook: kernel.notebook })).toEqual({ interrupted: true });
    expect((await endless).ok).toBe(false);
    expect(Date.now() - asked).toBeLessThan(1500);
    expect(text((await kernel.execute('turns > 0')).outputs)).toEqual(['true']);
  });

  it('answers clicks with masks, undo and redo, and brings them back after kill -9', async () => {
    const output = await openScan();
    let view = await attached(output);
    const { viewId } = view;
    expect(view.last('viewer/attached')).toMatchObject({ slice: 0, image: { size: [discs.width, discs.height, 1] } });
    expect(view.last('viewer/slice').pixels).toMatchObject({ kind: 'rgb8', width: discs.width, slope: 1 });

    await click(view, 'left', discs.left);
    await click(view, 'right', discs.right);
    expect(view.area()).toBe(2 * discArea);
    await kernel.view({ type: 'viewer/undo', viewId });
    expect(view.area()).toBe(discArea);
    expect(view.state).toMatchObject({ undo: 'point', redo: 'point' });
    await kernel.view({ type: 'viewer/redo', viewId });
    const stroke = { viewId, object: 'object-1', slice: 0, points: [[1.5, 1.5]] as [number, number][], radius: 0.5 };
    await kernel.view({ type: 'viewer/stroke', ...stroke, erase: false });
    expect(view.area()).toBe(2 * discArea + 1);
    const { shown: before, state } = view;

    await kernel.kill();
    kernel = start();
    view = await attached(output);
    expect([...view.shown.values()]).toMatchObject(
      [...before.values()].map(({ prompts, mask, iou, source }) => ({ prompts, mask, iou, source })),
    );
    expect(view.state?.revision).toBeGreaterThan(state?.revision ?? 0);
    await kernel.view({ type: 'viewer/undo', viewId });
    await kernel.view({ type: 'viewer/undo', viewId });
    expect(view.area()).toBe(discArea);
  });

  it('sends a change to every view of the image, whichever notebook it is in', async () => {
    const views = [await attached(await openScan()), await attached({ version: 2, image: { path: 'scan.png' } })];
    const other = 'file:///other.ipynb';
    const viewId = 'of another notebook';
    views.push(mirror(viewId));
    const output = { version: 2, image: { path: 'scan.png' } } as const;
    const request = { type: 'viewer/attach', version: 2, viewId, output } as const;
    await kernel.request('viewer/request', { notebook: other, folder, request });
    await kernel.view({ type: 'viewer/clear', viewId: views[1].viewId, object: null, slice: null });
    await click(views[2], 'again', discs.left, other);
    for (const view of views) {
      expect(view.area()).toBe(discArea);
      expect(view.state).toEqual(views[0].state);
      expect([...view.shown]).toEqual([...views[0].shown]);
    }
  });

  it('refuses what it does not understand and goes on', async () => {
    await expect(kernel.malformed('cell/execute', { code: 3 })).rejects.toThrow(/cell\/execute: notebook/);
    await expect(kernel.malformed('no/such', {})).rejects.toThrow(/no\/such/);
    await expect(
      kernel.malformed('viewer/request', { notebook: 'a', folder: 'b', request: { type: 'eat' } }),
    ).rejects.toThrow(/viewer\/request/);
    const output = { ...(await openScan()), sessionId: '../../escape' };
    await expect(kernel.view({ type: 'viewer/attach', version: 2, viewId: 'v', output })).rejects.toThrow(/session id/);
    kernel.child.send({ no: 'JSON-RPC' });
    kernel.child.send('noise');
    await expect(
      kernel.request('adapters/use', { notebook: kernel.notebook, folder, file: 'none.safetensors' }),
    ).rejects.toThrow(/none\.safetensors/);
    await expect(kernel.request('training/stop', { run: folder })).resolves.toEqual({ stopped: false });
    expect(text((await kernel.execute('"still here"')).outputs)).toEqual(['still here']);
  });

  it('ends, with its cells, when its parent goes away', async () => {
    const other = start();
    const { outputs } = await other.execute('process.pid');
    const cells = Number(text(outputs)[0]);
    void other.execute('while (true);').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const exited = new Promise((resolve) => other.child.once('exit', resolve));
    other.child.disconnect();
    await exited;
    await expect.poll(() => isAlive(cells)).toBe(false);
  });

  it('takes its cells along when it is killed in the middle of an endless loop', async () => {
    const other = start();
    const cells = Number(text((await other.execute('process.pid')).outputs)[0]);
    void other.execute('while (true);').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await other.kill();
    await expect.poll(() => isAlive(cells), { timeout: 3000 }).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that nobody has waited for yet is dead all the same.
    return !fs.existsSync(`/proc/${pid}/stat`) || !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
