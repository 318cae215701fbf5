import path from 'node:path';
import * as vscode from 'vscode';
import { imageOutputsOf } from '../imageOutputs';
import type { KernelClient } from '../kernelClient';
import { t } from '../l10n';
import { notebookFolder, notebookKey } from '../notebooks';
import { requireTrust } from '../trust';
import { type FineTuneServices, fineTuneOn } from './fineTune';

/** Goes from what is labelled in the active notebook to a fine-tune on it. */
export async function fineTuneLabelled(services: FineTuneServices): Promise<string | undefined> {
  if (!requireTrust(t('A run executes programs and writes files.'))) return undefined;
  const notebook = services.controller.activeNotebook;
  if (!notebook) {
    void vscode.window.showWarningMessage(
      t('Open a notebook with the kernel Med-SA first: what is labelled in it becomes the data.'),
    );
    return undefined;
  }
  return fineTuneOn(services, await exportLabelled(services.kernel, notebook));
}

/**
 * Writes what is labelled in a notebook as a data set beside it. @returns its folder
 * @throws Error in the kernel's words where nothing is labelled
 */
export async function exportLabelled(kernel: KernelClient, notebook: vscode.NotebookDocument): Promise<string> {
  const folder = notebookFolder(notebook);
  const target = path.join(folder, `${path.basename(notebook.uri.path, '.ipynb')}-labelled`);
  const location = vscode.ProgressLocation.Notification;
  const title = t('Writing what is labelled…');
  const { images, unlabelled } = await vscode.window.withProgress({ location, title }, () =>
    kernel.request('annotation/export', {
      notebook: notebookKey(notebook),
      folder,
      outputs: imageOutputsOf(notebook.getCells()),
      target,
    }),
  );
  const left = unlabelled === 0 ? '' : ` ${t('{0} without a label were left out.', unlabelled)}`;
  void vscode.window.setStatusBarMessage(
    `$(check) ${t('{0} labelled images are in {1}.', images, vscode.workspace.asRelativePath(target))}${left}`,
    8000,
  );
  return target;
}
