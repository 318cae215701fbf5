import os from 'node:os';
import * as vscode from 'vscode';
import { z } from 'zod';
import { runCli } from '../cliProcess';
import type { KernelClient } from '../kernelClient';
import { t } from '../l10n';
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

/** Fetches what CUDA needs, after the size was told and agreed to. What was fetched before a cancel is kept. */
export async function installGpu(cli: string, kernel: KernelClient): Promise<void> {
  const plan = await lookUp(cli);
  const there = installedSchema.safeParse(plan);
  if (there.success) {
    const { cuda, folder } = there.data;
    await offerRestart(kernel, t('GPU support (CUDA {0}) is installed already, in {1}.', cuda, folder));
    return;
  }
  const { cuda, downloadBytes, diskBytes, packages, folder } = planSchema.parse(plan);
  const detail = [
    ...packages.map(({ name, version, size }) => `${name} ${version}: ${amount(size)}`),
    t(
      'They go into {0} and need up to {1} of free space meanwhile. The NVIDIA driver is not installed.',
      folder,
      amount(diskBytes),
    ),
  ].join('\n');
  const question = t('Fetch {0} for GPU support (CUDA {1})?', amount(downloadBytes), cuda);
  const install = t('Install');
  if ((await vscode.window.showInformationMessage(question, { modal: true, detail }, install)) !== install) return;
  const installed = await withProgress(
    { cli, arguments: ['gpu', 'install', '--cuda', String(cuda)], cwd: os.homedir() },
    t('Installing GPU support'),
  );
  if (installed === null) {
    void vscode.window.showInformationMessage(
      t(
        'Installing GPU support was stopped. The same command goes on from there; Med-SA: Remove GPU Support removes what came.',
      ),
    );
    return;
  }
  await offerRestart(kernel, t('GPU support (CUDA {0}) is installed.', cuda));
}

/** Removes what `installGpu` fetched. */
export async function removeGpu(cli: string, kernel: KernelClient): Promise<void> {
  const question = t('Remove GPU support (CUDA) from this machine?');
  const detail = t('The kernel then computes without CUDA. It can be installed again.');
  const remove = t('Remove');
  if ((await vscode.window.showInformationMessage(question, { modal: true, detail }, remove)) !== remove) return;
  const result = removedSchema.parse(await runCli({ cli, arguments: ['gpu', 'remove'], cwd: os.homedir() }));
  const { removed, folder, bytes } = result;
  await offerRestart(
    kernel,
    removed ? t('GPU support is removed: {0} freed.', amount(bytes)) : t('There is no GPU support in {0}.', folder),
  );
}

function lookUp(cli: string): Thenable<unknown> {
  const location = vscode.ProgressLocation.Window;
  return vscode.window.withProgress({ location, title: t('Looking up GPU support…') }, () =>
    runCli({ cli, arguments: ['gpu', 'install', '--dry-run'], cwd: os.homedir() }),
  );
}

/** The kernel looks for devices once in its life. */
async function offerRestart(kernel: KernelClient, said: string): Promise<void> {
  if (!kernel.running) return void vscode.window.showInformationMessage(said);
  const restart = t('Restart Kernel');
  const note = t('It counts when the kernel starts again; variables of cells are lost then.');
  if ((await vscode.window.showInformationMessage(`${said} ${note}`, restart)) === restart) await kernel.restart();
}

const amount = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
