import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KernelClient } from '../../../src/extension/kernelClient';
import { KernelAnswerError, KernelGoneError } from '../../../src/extension/kernelProcess';
import type { CellOutput } from '../../../src/protocol';
import { window } from './fakeVscode';
import { RecordedLog } from './log';

vi.mock('vscode', () => import('./fakeVscode'));

const launch = () => ({
  entry: path.join(import.meta.dirname, 'fakeKernel.mjs'),
  cwd: import.meta.dirname,
  env: {},
});
const execution = { notebook: 'n', folder: '/', executionId: 'e', code: '1' };

describe('the client of the kernel', () => {
  let kernel: KernelClient;
  let log: RecordedLog;
  let answer: (action?: string) => void;

  beforeEach(() => {
    log = new RecordedLog();
    kernel = new KernelClient(launch, log.channel);
    window.showErrorMessage.mockReset();
    window.showErrorMessage.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
  });
  afterEach(() => kernel.stop());

  const die = async (): Promise<void> => {
    await expect(kernel.request('cell/interrupt', { notebook: 'n' })).rejects.toThrow(KernelGoneError);
  };

  it('starts no kernel before one is needed, and one for everything then', async () => {
    expect(kernel.running).toBe(false);
    await kernel.tell('notebook/close', { notebook: 'n' });
    expect(kernel.running).toBe(false);
    const pids = await Promise.all([kernel.request('status/get', null), kernel.request('status/get', null)]);
    expect(pids[0].pid).toBe(pids[1].pid);
    expect(kernel.life).toBe(1);
  });

  it('tells listeners what the kernel notifies of', async () => {
    const outputs: CellOutput[] = [];
    kernel.on('cell/output', ({ output }) => outputs.push(output));
    await kernel.request('cell/execute', execution);
    expect(outputs).toEqual([{ kind: 'clear' }]);
  });

  it('refuses what the kernel says malformed, says so in the log, and passes on what comes next', async () => {
    const outputs: CellOutput[] = [];
    kernel.on('cell/output', ({ output }) => outputs.push(output));
    await kernel.request('cell/execute', { ...execution, code: 'malformed' });
    expect(outputs).toEqual([{ kind: 'clear' }]);
    await log.says(/cell\/output of the kernel was not understood at output\./);
  });

  it('refuses an answer that is malformed, naming the request, and takes the next one', async () => {
    const refused: unknown = await kernel.request('training/stop', { run: 'strange' }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(KernelAnswerError);
    expect((refused as Error).message).toMatch(/answered training\/stop with what was not understood \(stopped: /);
    await kernel.tell('training/stop', { run: 'strange' });
    await log.says(/training\/stop: The Med-SA kernel answered training\/stop/);
    expect(await kernel.request('training/stop', { run: 'r' })).toEqual({ stopped: true });
    expect(kernel.life).toBe(1);
  });

  it('starts a new kernel after one died, and says so once', async () => {
    const stopped = vi.fn();
    kernel.onDidStop(stopped);
    await die();
    await die();
    expect(kernel.life).toBe(2);
    expect(stopped).toHaveBeenCalledTimes(2);
    expect(window.showErrorMessage).toHaveBeenCalledTimes(1);
    expect(window.showErrorMessage.mock.calls[0][0]).toMatch(/exit code 7/);
    expect(await kernel.request('cell/execute', execution)).toEqual({ ok: true });
  });

  it('restarts when the message is answered with it', async () => {
    await die();
    expect(kernel.running).toBe(false);
    answer('Restart');
    await vi.waitFor(() => expect(kernel.running).toBe(true));
  });

  it('complains of no end that was wanted', async () => {
    const first = await kernel.request('status/get', null);
    await kernel.restart();
    const second = await kernel.request('status/get', null);
    expect(second.pid).not.toBe(first.pid);
    await kernel.stop();
    expect(window.showErrorMessage).not.toHaveBeenCalled();
  });
});
