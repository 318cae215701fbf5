import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { installGpu, removeGpu } from '../../../src/extension/commands/gpuSupport';
import type { KernelClient } from '../../../src/extension/kernelClient';
import { projectRoot } from '../../support/projectRoot';
import { shownProgress, window } from './fakeVscode';

vi.mock('vscode', () => import('./fakeVscode'));

const cli = path.join(import.meta.dirname, 'fakeCli.mjs');

describe('GPU support from the palette', () => {
  const restart = vi.fn<() => Promise<void>>();
  const kernel = { running: true, restart } as unknown as KernelClient;
  const said = (): string[] => window.showInformationMessage.mock.calls.map(([message]) => message);
  /** What the user answers, one message after another; nothing where it ends. */
  const answers = (...chosen: (string | undefined)[]): void => {
    window.showInformationMessage.mockImplementation(() => Promise.resolve(chosen.shift()));
  };
  const machine = (name: string): void => void (process.env.FAKE = name);

  beforeEach(() => {
    shownProgress.length = 0;
    window.showInformationMessage.mockReset();
    restart.mockReset().mockResolvedValue();
    machine('bare');
  });

  it('tells the size, installs when that is agreed to, shows how far it is, and offers a restart', async () => {
    answers('Install', 'Restart Kernel');
    await installGpu(cli, kernel);
    const [question, options] = window.showInformationMessage.mock.calls[0];
    expect(question).toBe('Fetch 1.3 GB for GPU support (CUDA 13)?');
    expect(options).toMatchObject({
      modal: true,
      detail: expect.stringMatching(/onnxruntime-gpu 1.30.0: 247 MB.*4.0 GB/s),
    });
    const [, installing] = shownProgress;
    expect(installing.options).toMatchObject({ cancellable: true });
    expect(installing.reports.at(-1)?.message).toBe('1346 of 1346 MB, unpacking nvidia-cuda-nvrtc');
    expect(installing.reports.reduce((sum, { increment = 0 }) => sum + increment, 0)).toBeCloseTo(100);
    expect(said()[1]).toMatch(/is installed\. It counts when the kernel starts again/);
    expect(restart).toHaveBeenCalledOnce();
  });

  it('fetches nothing without consent', async () => {
    answers(undefined);
    await installGpu(cli, kernel);
    expect(said()).toHaveLength(1);
    expect(shownProgress).toHaveLength(1);
    expect(restart).not.toHaveBeenCalled();
  });

  it('stops when it is cancelled, and says that it can go on', async () => {
    machine('slow');
    answers('Install');
    const installing = installGpu(cli, kernel);
    await vi.waitFor(() => expect(shownProgress[1]?.reports).toHaveLength(1), 10_000);
    shownProgress[1].cancel();
    await installing;
    expect(said().at(-1)).toMatch(/was stopped.*goes on from there/);
    expect(restart).not.toHaveBeenCalled();
  });

  it('asks nothing where it is installed already, and no restart of a kernel that does not run', async () => {
    machine('installed');
    answers();
    await installGpu(cli, { running: false, restart } as unknown as KernelClient);
    expect(window.showInformationMessage.mock.calls).toEqual([
      ['GPU support (CUDA 13) is installed already, in /cache/gpu.'],
    ]);
  });

  it("fails in the command line's own words", async () => {
    machine('offline');
    await expect(installGpu(cli, kernel)).rejects.toThrow('pypi.org cannot be reached: check the network');
  });

  it('is removed when that is agreed to', async () => {
    answers(undefined);
    await removeGpu(cli, kernel);
    expect(said()).toHaveLength(1);
    answers('Remove', 'Restart Kernel');
    await removeGpu(cli, kernel);
    expect(said().at(-1)).toMatch(/removed: 2.1 GB freed/);
    expect(restart).toHaveBeenCalledOnce();
  });

  it('is in the palette under the names that the code registers', () => {
    const { contributes } = JSON.parse(fs.readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
      contributes: { commands: { command: string; title: string }[] };
    };
    const folder = path.join(projectRoot, 'src/extension/commands');
    const registered = fs.readdirSync(folder).map((name) => fs.readFileSync(path.join(folder, name), 'utf8'));
    for (const { command } of contributes.commands) expect(registered.join()).toMatch(new RegExp(`\\w\\('${command}'`));
    expect(contributes.commands.map(({ command }) => command)).toEqual(
      expect.arrayContaining(['medSa.gpuInstall', 'medSa.gpuRemove']),
    );
  });
});
