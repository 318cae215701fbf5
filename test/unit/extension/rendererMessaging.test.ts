import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AdapterChoice } from '../../../src/extension/adapterChoice';
import type { KernelClient } from '../../../src/extension/kernelClient';
import { RendererMessaging } from '../../../src/extension/rendererMessaging';
import { imageMime, type ViewerEvent } from '../../../src/protocol';
import { channels, EventEmitter, type RendererMessagingChannel, workspace } from './fakeVscode';
import { RecordedLog } from './log';

vi.mock('vscode', () => import('./fakeVscode'));

const image = { path: 'a.png', name: 'a.png', width: 4, height: 3, slices: 1, spacing: null };
const output = { version: 1, viewId: 'v', sessionId: 's', image, slice: 0 };
const attach = { type: 'viewer/attach', version: 2, viewId: 'v', output };
const undo = { type: 'viewer/undo', viewId: 'v' };
const detach = { type: 'viewer/detach', viewId: 'v' };

/** A kernel as its client shows it: lives, requests, events. */
class FakeKernel {
  life = 0;
  running = false;
  readonly log = new RecordedLog().channel;
  readonly events = new EventEmitter<{ notebook: string; event: ViewerEvent }>();
  private readonly started = new EventEmitter<number>();
  readonly onDidStart = this.started.event;
  readonly requests: unknown[] = [];
  answer: () => Promise<null> = async () => null;

  on(_method: string, listener: (params: { notebook: string; event: ViewerEvent }) => void) {
    return this.events.event(listener);
  }
  async tell(method: string, params: { request: unknown }): Promise<void> {
    if (this.running) await this.request(method, params);
  }
  request(_method: string, { request }: { request: unknown }): Promise<null> {
    if (!this.running) {
      this.running = true;
      this.started.fire(++this.life);
    }
    this.requests.push(request);
    return this.answer();
  }
}

describe('messages between renderers and the kernel', () => {
  let kernel: FakeKernel;
  let messaging: RendererMessaging;
  let channel: RendererMessagingChannel;
  const restore = vi.fn();

  const notebookOf = (...outputs: unknown[]) => ({
    uri: { scheme: 'file', fsPath: '/data/a.ipynb', toString: () => 'file:///data/a.ipynb' },
    getCells: () => [
      { outputs: [{ items: outputs.map((each) => ({ mime: imageMime, data: Buffer.from(JSON.stringify(each)) })) }] },
    ],
  });
  const notebook = notebookOf();
  const [left, right] = [{ notebook }, { notebook }];
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const receive = async (message: unknown, editor: unknown = left): Promise<void> => {
    channel.receive(editor, message);
    await settled();
  };
  const tell = (event: unknown) => kernel.events.fire({ notebook: 'n', event: event as ViewerEvent });

  beforeEach(() => {
    workspace.isTrusted = true;
    kernel = new FakeKernel();
    restore.mockReset();
    const adapters = { restore } as unknown as AdapterChoice;
    messaging = new RendererMessaging(kernel as unknown as KernelClient, adapters);
    channel = channels.get('med-sa-image')!;
  });
  afterEach(() => messaging.dispose());

  it('reach every editor that shows the view, and no other', async () => {
    await receive(attach, left);
    await receive(attach, right);
    tell({ type: 'viewer/tasks', viewId: 'v', tasks: [] });
    tell({ type: 'viewer/tasks', viewId: 'someone else', tasks: [] });
    expect(channel.sent.map(({ editor }) => editor)).toEqual([left, right]);
  });

  it('go by the renderer they are for', async () => {
    const training = channels.get('med-sa-training')!;
    training.receive(left, { type: 'training/attach', viewId: 't', run: '/r' });
    await settled();
    tell({ type: 'training/error', viewId: 't', message: 'no such run' });
    expect(training.sent).toHaveLength(1);
    expect(channel.sent).toHaveLength(0);
  });

  it('introduce a view to a kernel that began after it', async () => {
    await receive(attach);
    kernel.running = false;
    await receive(undo);
    await receive(undo);
    expect(kernel.requests).toEqual([attach, attach, undo, undo]);
    expect(restore).toHaveBeenCalledTimes(3);
  });

  it('wait until the view is attached', async () => {
    let attached: (value: null) => void = () => undefined;
    kernel.answer = () => new Promise((resolve) => (attached = resolve));
    await receive(attach);
    await receive(undo);
    expect(kernel.requests).toEqual([attach]);
    attached(null);
    await settled();
    expect(kernel.requests).toEqual([attach, undo]);
  });

  it('end with the last editor that shows the view, and start no kernel to say so', async () => {
    await receive(attach, left);
    await receive(attach, right);
    await receive(detach, left);
    expect(kernel.requests).toEqual([attach, attach]);
    tell({ type: 'viewer/tasks', viewId: 'v', tasks: [] });
    expect(channel.sent.map(({ editor }) => editor)).toEqual([right]);
    await receive(detach, right);
    expect(kernel.requests).toEqual([attach, attach, detach]);
    tell({ type: 'viewer/tasks', viewId: 'v', tasks: [] });
    expect(channel.sent).toHaveLength(1);
    kernel.running = false;
    await receive(detach, left);
    expect(kernel.running).toBe(false);
  });

  it('end with their notebook, whatever its page still says', async () => {
    await receive(attach);
    const closed = { notebook: { ...notebook, isClosed: true } };
    workspace.close(notebook);
    for (const late of [detach, undo]) await receive(late, closed);
    tell({ type: 'viewer/tasks', viewId: 'v', tasks: [] });
    expect(kernel.requests).toEqual([attach]);
    expect(channel.sent).toEqual([]);
  });

  it('find a saved output whose viewer outlived the extension host', async () => {
    await receive(undo, { notebook: notebookOf({ ...output, viewId: 'other' }, output) });
    expect(kernel.requests).toEqual([attach, undo]);
  });

  it('follow runs again on a new kernel by themselves', async () => {
    const follow = { type: 'training/attach', viewId: 't', run: '/r' };
    await receive(follow);
    await receive(attach);
    kernel.running = false;
    await kernel.request('viewer/request', { request: 'wakes the kernel' });
    expect(kernel.requests).toEqual([follow, attach, follow, 'wakes the kernel']);
  });

  it('come back as an error in the viewer when the kernel fails', async () => {
    kernel.answer = () => Promise.reject(new Error('the kernel stopped'));
    await receive(attach);
    expect(channel.sent[0].message).toEqual({ type: 'viewer/error', viewId: 'v', message: 'the kernel stopped' });
  });

  it('do not start a kernel in a workspace that is not trusted', async () => {
    workspace.isTrusted = false;
    await receive(attach);
    expect(kernel.running).toBe(false);
    expect(channel.sent[0].message).toMatchObject({ type: 'viewer/error', viewId: 'v' });
  });

  it('are refused when they are malformed, and told to their view; the next one goes on', async () => {
    await receive(attach);
    await receive({ type: 'viewer/prompt/add', viewId: 'v', object: 'o', slice: -1, id: 'p', prompt: {} });
    expect(channel.sent.map(({ message }) => message)).toEqual([
      { type: 'viewer/error', viewId: 'v', message: expect.stringMatching(/no request \((slice|prompt)/) },
    ]);
    await receive(undo);
    expect(kernel.requests).toEqual([attach, undo]);
  });

  it('are dropped when they are none, or when the notebook is closed', async () => {
    for (const junk of [null, 'text', { type: 'viewer/undo' }, { type: 'other', viewId: 'v' }]) await receive(junk);
    expect(kernel.requests).toEqual([]);
    await receive(attach);
    workspace.close(notebook);
    tell({ type: 'viewer/tasks', viewId: 'v', tasks: [] });
    expect(channel.sent).toEqual([]);
  });
});
