import * as vscode from 'vscode';
import { t } from './l10n';

/** Whether the workspace is trusted; where it is not, says why that matters and offers the way out. */
export function requireTrust(why: string): boolean {
  if (!vscode.workspace.isTrusted) void explain(why);
  return vscode.workspace.isTrusted;
}

async function explain(why: string): Promise<void> {
  const manage = t('Manage Workspace Trust');
  const answer = await vscode.window.showWarningMessage(`${why} ${t('Trust this workspace to go on.')}`, manage);
  if (answer === manage) await vscode.commands.executeCommand('workbench.trust.manage');
}
