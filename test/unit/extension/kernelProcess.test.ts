import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { KernelGoneError, KernelProcess } from '../../../src/extension/kernelProcess';
import { RecordedLog } from './log';

const entry = path.join(import.meta.dirname, 'fakeKernel.mjs');

describe('the kernel process', () => {
  const started: KernelProcess[] = [];
  const start = (log = new RecordedLog(), file = entry): KernelProcess => {
    const launch = { entry: file, cwd: import.meta.dirname, env: { MEDSA_MODEL: 'phantom-sam' } };
    const kernel = new KernelProcess(launch, log.channel);
    started.push(kernel);
    kernel.listen();
    return kernel;
  };
  afterEach(async () => {
    await Promise.all(started.splice(0).map((kernel) => kernel.end()));
  });

  it('answers requests, knows the settings, and has its lines logged', async () => {
    const log = new RecordedLog();
    expect(await start(log).request('status/get', null)).toMatchObject({ model: 'phantom-sam' });
    await log.says(/kernel log line/);
  });

  it('passes notifications on and survives messages that are none', async () => {
    const kernel = start();
    const received: unknown[] = [];
    kernel.onNotification('cell/output', (params) => received.push(params));
    const params = { notebook: 'n', folder: '/', executionId: 'e', code: '1' };
    expect(await kernel.request('cell/execute', params)).toEqual({ ok: true });
    expect(received).toEqual([{ notebook: 'n', executionId: 'e', output: { kind: 'clear' } }]);
    expect(await kernel.request('cell/execute', params)).toEqual({ ok: true });
  });

  it("rejects with the kernel's own message", async () => {
    await expect(start().request('notebook/close', { notebook: 'n' })).rejects.toThrow(/no such notebook/);
  });

  it('rejects what is waiting, and what comes later, when the process dies', async () => {
    const kernel = start();
    const died = kernel.request('cell/interrupt', { notebook: 'n' });
    await expect(died).rejects.toThrow(KernelGoneError);
    await expect(died).rejects.toThrow(/exit code 7/);
    expect(await kernel.ended).toBe('exit code 7');
    await expect(kernel.request('status/get', null)).rejects.toThrow(KernelGoneError);
  });

  it('says so when it cannot start', async () => {
    const log = new RecordedLog();
    const kernel = start(log, path.join(import.meta.dirname, 'missing.mjs'));
    await expect(kernel.request('status/get', null)).rejects.toThrow(/exit code 1/);
    await log.says(/Cannot find module/);
  });

  it('ends when it is asked to, without a signal', async () => {
    const kernel = start();
    await kernel.request('status/get', null);
    await kernel.end();
    expect(await kernel.ended).toBe('exit code 0');
  });
});
