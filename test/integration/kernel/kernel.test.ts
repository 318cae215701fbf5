import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeMaskPatch } from '../../../src/kernel/imaging';
import { imageMime, type ImageOutputV1 as ImageOutput, type PromptV1 as Prompt } from '../../../src/protocol';
import { bundled } from '../../support/bundle';
import { temporaryFolder } from '../../support/temporaryFolder';
import { discArea, discs, drawDiscs } from '../../unit/annotation/discs';
import { KernelUnderTest } from './client';

const folder = temporaryFolder('kernel');
let start: () => KernelUnderTest;
let kernel: KernelUnderTest;

beforeAll(async () => {
  await drawDiscs(path.join(folder, 'scan.png'));
  const [entry, cellEntry] = await Promise.all([
    bundled('test/integration/kernel/kernelUnderTest.ts', 'kernel'),
    bundled('src/kernel/notebook/cell/main.ts', 'cell'),
  ]);
  start = () => new KernelUnderTest(entry, folder, { CELL_ENTRY: cellEntry });
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

const click = (at: { x: number; y: number }): Prompt => ({ kind: 'point', x: at.x, y: at.y, label: 1 });

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
    const { viewId } = output;
    await kernel.view({ type: 'viewer/attach', viewId, output });
    const picture = kernel.last('viewer/image');
    expect(picture.image).toMatchObject({ width: discs.width, height: discs.height });
    expect(Buffer.from(picture.png, 'base64').subarray(1, 4).toString()).toBe('PNG');

    await kernel.view({ type: 'viewer/prompt', viewId, slice: 0, prompt: click(discs.left) });
    await kernel.view({ type: 'viewer/prompt', viewId, slice: 0, prompt: click(discs.right) });
    const area = () => {
      const { mask } = kernel.last('viewer/state').state;
      return mask === null ? 0 : decodeMaskPatch(mask, discs.width, discs.height).data.reduce((sum, v) => sum + v, 0);
    };
    expect(area()).toBe(2 * discArea);
    await kernel.view({ type: 'viewer/undo', viewId });
    expect(area()).toBe(discArea);
    expect(kernel.last('viewer/state').state).toMatchObject({ canUndo: true, canRedo: true });
    await kernel.view({ type: 'viewer/redo', viewId });
    const before = kernel.last('viewer/state').state;

    await kernel.kill();
    kernel = start();
    await kernel.view({ type: 'viewer/attach', viewId, output });
    const after = kernel.last('viewer/state').state;
    expect(after).toMatchObject({ prompts: before.prompts, mask: before.mask, canUndo: true });
    expect(after.revision).toBeGreaterThan(before.revision);
    await kernel.view({ type: 'viewer/undo', viewId });
    expect(area()).toBe(discArea);
  });

  it('sends a change to every view of the image', async () => {
    const [first, second] = [await openScan(), await openScan()];
    for (const output of [first, second]) await kernel.view({ type: 'viewer/attach', viewId: output.viewId, output });
    kernel.events.length = 0;
    await kernel.view({ type: 'viewer/clear', viewId: second.viewId, slice: 0 });
    const told = kernel.events.filter((event) => event.type === 'viewer/state').map(({ viewId }) => viewId);
    expect(told).toEqual(expect.arrayContaining([first.viewId, second.viewId]));
  });

  it('refuses what it does not understand and goes on', async () => {
    await expect(kernel.malformed('cell/execute', { code: 3 })).rejects.toThrow(/cell\/execute: notebook/);
    await expect(kernel.malformed('no/such', {})).rejects.toThrow(/no\/such/);
    await expect(
      kernel.malformed('viewer/request', { notebook: 'a', folder: 'b', request: { type: 'eat' } }),
    ).rejects.toThrow(/viewer\/request/);
    const output = { ...(await openScan()), sessionId: '../../escape' };
    await expect(kernel.view({ type: 'viewer/attach', viewId: 'v', output })).rejects.toThrow(/session id/);
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
