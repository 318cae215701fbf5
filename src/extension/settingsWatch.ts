import * as vscode from 'vscode';
import type { KernelClient } from './kernelClient';
import { t } from './l10n';

/** The kernel reads the settings when it starts; after a change it has to start again. */
export function offerRestartOnChange(kernel: KernelClient): vscode.Disposable {
  let asking = false;
  return vscode.workspace.onDidChangeConfiguration(async (event) => {
    if (!event.affectsConfiguration('medSa') || !kernel.running || asking) return;
    asking = true;
    const answer = await vscode.window.showInformationMessage(
      t('Med-SA settings take effect when the kernel starts again. Variables of cells are lost then.'),
      t('Restart Kernel'),
    );
    asking = false;
    if (answer) await kernel.restart();
  });
}
