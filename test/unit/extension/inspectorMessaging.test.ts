import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InspectorMessaging } from '../../../src/extension/inspectorMessaging';
import type { KernelClient } from '../../../src/extension/kernelClient';
import { channels, type RendererMessagingChannel, workspace } from './fakeVscode';
import { RecordedLog } from './log';

vi.mock('vscode', () => import('./fakeVscode'));

const request = { type: 'inspector/picture', viewId: 'v', inspection: 'i', requestId: 7, slice: 0 };
const editor = { name: 'the editor that asked' };

describe('messages between inspectors and the kernel', () => {
  const ask = vi.fn<(method: string, params: unknown) => Promise<unknown>>();
  const kernel = { running: true, log: new RecordedLog().channel, request: ask };
  let messaging: InspectorMessaging;
  let channel: RendererMessagingChannel;
  const answerTo = async (message: unknown): Promise<unknown> => {
    channel.receive(editor, message);
    await vi.waitFor(() => expect(channel.sent.length).toBeGreaterThan(0));
    const [sent] = channel.sent.splice(0);
    expect(sent.editor).toBe(editor);
    return sent.message;
  };

  beforeEach(() => {
    messaging = new InspectorMessaging(kernel as unknown as KernelClient);
    channel = channels.get('med-sa-inspector')!;
  });
  afterEach(() => {
    messaging.dispose();
    ask.mockReset();
    kernel.running = workspace.isTrusted = true;
  });

  it('carry the kernel’s answer to the editor that asked', async () => {
    const event = { type: 'inspector/picture', viewId: 'v', requestId: 7, slice: 0, png: '' };
    ask.mockResolvedValueOnce(event);
    expect(await answerTo(request)).toBe(event);
    expect(ask).toHaveBeenCalledWith('inspector/ask', { request });
  });

  it('end in words, by the same request, when the kernel fails, has ended, or the workspace is not trusted', async () => {
    const failed = (message: RegExp) => ({
      type: 'inspector/error',
      viewId: 'v',
      requestId: 7,
      message: expect.stringMatching(message),
    });
    ask.mockRejectedValueOnce(new Error('the engine ended'));
    expect(await answerTo(request)).toEqual(failed(/the engine ended/));
    kernel.running = false;
    expect(await answerTo(request)).toEqual(failed(/has ended: run its cell/));
    workspace.isTrusted = false;
    expect(await answerTo(request)).toEqual(failed(/not trusted/));
    // A kernel that is started for this alone would know of no inspection.
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('are refused when they are malformed, in words and by the same request; the next one is answered', async () => {
    expect(await answerTo({ ...request, slice: -1 })).toMatchObject({
      type: 'inspector/error',
      viewId: 'v',
      requestId: 7,
      message: expect.stringMatching(/no request \(slice: /),
    });
    expect(ask).not.toHaveBeenCalled();
    const event = { type: 'inspector/picture', viewId: 'v', requestId: 7, slice: 0, png: '' };
    ask.mockResolvedValueOnce(event);
    expect(await answerTo(request)).toBe(event);
  });

  it('are dropped when they are no requests', async () => {
    for (const message of [null, 'x', { type: 'viewer/undo', viewId: 'v' }, { ...request, requestId: 'x' }])
      channel.receive(editor, message);
    await new Promise((resolve) => setImmediate(resolve));
    expect(channel.sent).toEqual([]);
    expect(ask).not.toHaveBeenCalled();
  });
});
