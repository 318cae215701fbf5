// Two kernels, each a process of its own, that have the same image open.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporaryFolder';
import { ViewMirror } from '../../support/viewMirror';
import { discArea, discs, drawDiscs } from '../../unit/annotation/discs';
import type { KernelUnderTest } from './client';
import { discKernels } from './programs';

const folder = temporaryFolder('two-kernels');
const annotations = path.join(folder, '.med-sa', 'annotations');
let start: () => KernelUnderTest;

beforeAll(async () => {
  await drawDiscs(path.join(folder, 'scan.png'));
  start = await discKernels(folder);
});
beforeEach(() => fs.rmSync(annotations, { recursive: true, force: true }));

/** A kernel with a page that shows the image. */
async function kernelWithPage() {
  const kernel = start();
  const mirror = new ViewMirror('page');
  kernel.onEvent((event) => mirror.receive(event));
  const attach = () =>
    kernel.view({
      ...{ type: 'viewer/attach', version: 2, viewId: 'page' },
      output: { version: 2, image: { path: 'scan.png' } },
    });
  await attach();
  const click = (id: string, { x, y }: { x: number; y: number }) => {
    const prompt = { kind: 'point', x, y, label: 1 } as const;
    return kernel.view({ type: 'viewer/prompt/add', viewId: 'page', object: 'object-1', slice: 0, id, prompt });
  };
  const ids = () => mirror.shown.get('object-1/0')?.prompts.map(({ id }) => id) ?? [];
  return { kernel, mirror, attach, click, ids };
}

const soon = { timeout: 15_000, interval: 50 };
const corner = { x: 1.5, y: 1.5 };
const journalLines = () => {
  const [file] = fs.readdirSync(annotations).filter((name) => name.endsWith('.jsonl'));
  return fs.readFileSync(path.join(annotations, file), 'utf8').trimEnd().split('\n');
};

describe('of two kernels that have one image open', () => {
  it('the second shows what the first does, refuses changes, and takes over when the first was killed', async () => {
    const first = await kernelWithPage();
    await first.click('a', discs.left);
    const second = await kernelWithPage();
    expect(second.ids()).toEqual(['a']);
    expect(second.mirror.area()).toBe(discArea);
    expect(second.mirror.state?.readOnly).toMatch(
      new RegExp(`another kernel \\(process ${first.kernel.child.pid}\\) annotates scan\\.png: .*annotation: "mine"`),
    );

    const before = journalLines();
    await second.click('refused', corner);
    expect(second.mirror.last('viewer/error')).toMatchObject({
      request: 'viewer/prompt/add',
      message: second.mirror.state?.readOnly,
    });
    expect(second.ids()).toEqual(['a']);
    // Which object is looked at is everybody's own.
    await second.kernel.view({
      ...{ type: 'viewer/object/change', viewId: 'page', object: 'object-1', properties: { visible: false } },
    });
    expect(second.mirror.state?.objects[0].visible).toBe(false);
    expect(journalLines()).toEqual(before);

    await first.click('b', discs.right);
    await vi.waitFor(() => expect(second.ids()).toEqual(['a', 'b']), soon);
    expect(second.mirror.area()).toBe(2 * discArea);

    await first.kernel.kill();
    await vi.waitFor(() => expect(second.mirror.state?.readOnly).toBeNull(), soon);
    await second.click('c', corner);
    expect(second.ids()).toEqual(['a', 'b', 'c']);
    for (const line of journalLines()) expect(() => JSON.parse(line)).not.toThrow();

    const third = await kernelWithPage();
    expect(third.ids()).toEqual(['a', 'b', 'c']);
    expect(third.mirror.state?.readOnly).toContain(`process ${second.kernel.child.pid}`);
    await second.kernel.request('notebook/close', { notebook: second.kernel.notebook });
    await vi.waitFor(() => expect(third.mirror.state?.readOnly).toBeNull(), soon);
    await third.click('d', discs.left);
    expect(third.ids()).toEqual(['a', 'b', 'c', 'd']);
  }, 120_000);

  it('one that has not changed anything yet takes what the other has done before its own first change', async () => {
    const looking = await kernelWithPage();
    const working = await kernelWithPage();
    expect(looking.mirror.state?.readOnly).toBeNull();
    await working.click('a', discs.left);
    await looking.click('refused', corner);
    expect(looking.mirror.last('viewer/error').message).toContain(`process ${working.kernel.child.pid}`);
    await working.kernel.kill();
    // It has seen nothing of the first click, and builds on it all the same.
    await looking.click('b', discs.right);
    expect(looking.ids()).toEqual(['a', 'b']);
    expect(looking.mirror.area()).toBe(2 * discArea);
  }, 120_000);

  it('one that only cells have changed is free when their notebook is closed, and when it is opened again', async () => {
    const first = start();
    const label = (x: number) =>
      first.execute(`const scan = await open("scan.png"); await scan.label("disc", { points: [[${x}, 24]] })`);
    expect((await label(16)).ok).toBe(true);
    const second = await kernelWithPage();
    expect(second.mirror.state?.readOnly).toMatch(/another kernel/);
    await first.request('notebook/close', { notebook: first.notebook });
    await expect.poll(() => second.mirror.state?.readOnly, soon).toBeNull();
    const undo = { type: 'viewer/undo', viewId: 'page' } as const;
    await second.kernel.view(undo);

    expect(second.mirror.last('viewer/change').state.undo).toBe('change of an object');
    await second.kernel.request('notebook/close', { notebook: second.kernel.notebook });
    const { ok, outputs } = await label(46);
    expect(ok, JSON.stringify(outputs)).toBe(true);
    expect(journalLines().filter((line) => line.includes('"undo"'))).toHaveLength(1);
  }, 120_000);

  it('a kernel that died while writing leaves no line that the next one stumbles over', async () => {
    const first = await kernelWithPage();
    await first.click('a', discs.left);
    await first.kernel.kill();
    const [file] = fs.readdirSync(annotations).filter((name) => name.endsWith('.jsonl'));
    fs.appendFileSync(path.join(annotations, file), '{"edit":"prompt/add","object":"obj');
    const torn = fs.readFileSync(path.join(annotations, file), 'utf8');
    const second = await kernelWithPage();
    // Reading alone changes nothing: the writer might be alive.
    expect(fs.readFileSync(path.join(annotations, file), 'utf8')).toBe(torn);
    expect(second.mirror.state?.readOnly).toBeNull();
    await second.click('b', discs.right);
    expect(second.ids()).toEqual(['a', 'b']);
    for (const line of journalLines()) expect(() => JSON.parse(line)).not.toThrow();
  }, 120_000);
});
