import os from 'node:os';
import * as vscode from 'vscode';
import { z } from 'zod';
import { runCli } from '../cliProcess';
import type { KernelClient } from '../kernelClient';
import { withProgress } from './progress';

const planSchema = z.object({
  cuda: z.number(),
  folder: z.string(),
  packages: z.array(z.object({ name: z.string(), version: z.string(), size: z.number() })),
  downloadBytes: z.number(),
  diskBytes: z.number(),
});
const installedSchema = z.object({ installed: z.literal(true), cuda: z.number(), folder: z.string() });
const removedSchema = z.object({ removed: z.boolean(), folder: z.string(), bytes: z.number() });

/** Shown where a command has taken effect, and a kernel runs that does not know it. */
const restart = 'Restart Kernel';

/** Fetches what CUDA needs, after the size was told and agreed to. What was fetched before a cancel is kept. */
export async function installGpu(cli: string, kernel: KernelClient): Promise<void> {
  const plan = await lookUp(cli);
  const there = installedSchema.safeParse(plan);
  if (there.success) {
    await offerRestart(kernel, `GPU support (CUDA ${there.data.cuda}) is installed already, in ${there.data.folder}.`);
    return;
  }
  const { cuda, downloadBytes, diskBytes, packages, folder } = planSchema.parse(plan);
  const detail = [
    ...packages.map(({ name, version, size }) => `${name} ${version}: ${amount(size)}`),
    `They go into ${folder} and need up to ${amount(diskBytes)} of free space meanwhile. The NVIDIA driver is not installed.`,
  ].join('\n');
  const question = `Fetch ${amount(downloadBytes)} for GPU support (CUDA ${cuda})?`;
  const answer = await vscode.window.showInformationMessage(question, { modal: true, detail }, 'Install');
  if (answer !== 'Install') return;
  const installed = await withProgress(
    { cli, arguments: ['gpu', 'install', '--cuda', String(cuda)], cwd: os.homedir() },
    'Installing GPU support',
  );
  if (installed === null) {
    void vscode.window.showInformationMessage(
      'Installing GPU support was stopped. The same command goes on from there; Med-SA: Remove GPU Support removes what came.',
    );
    return;
  }
  await offerRestart(kernel, `GPU support (CUDA ${cuda}) is installed.`);
}

/** Removes what `installGpu` fetched. */
export async function removeGpu(cli: string, kernel: KernelClient): Promise<void> {
  const question = 'Remove GPU support (CUDA) from this machine?';
  const detail = 'The kernel then computes without CUDA. It can be installed again.';
  const answer = await vscode.window.showInformationMessage(question, { modal: true, detail }, 'Remove');
  if (answer !== 'Remove') return;
  const result = removedSchema.parse(await runCli({ cli, arguments: ['gpu', 'remove'], cwd: os.homedir() }));
  const { removed, folder, bytes } = result;
  await offerRestart(
    kernel,
    removed ? `GPU support is removed: ${amount(bytes)} freed.` : `There is no GPU support in ${folder}.`,
  );
}

function lookUp(cli: string): Thenable<unknown> {
  const location = vscode.ProgressLocation.Window;
  return vscode.window.withProgress({ location, title: 'Looking up GPU support…' }, () =>
    runCli({ cli, arguments: ['gpu', 'install', '--dry-run'], cwd: os.homedir() }),
  );
}

/** The kernel looks for devices once in its life. */
async function offerRestart(kernel: KernelClient, said: string): Promise<void> {
  const note = kernel.running ? ' It counts when the kernel starts again; variables of cells are lost then.' : '';
  const answer = await vscode.window.showInformationMessage(said + note, ...(kernel.running ? [restart] : []));
  if (answer === restart) await kernel.restart();
}

const amount = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
