import path from 'node:path';
import * as vscode from 'vscode';
import type { CurvesPanels } from '../curvesPanels';
import { t } from '../l10n';
import type { KnownRuns } from '../runs';
import { requireTrust } from '../trust';

/** Opens a panel with the curves of these runs; of none: of those that the user picks. */
export async function showCurves(panels: CurvesPanels, runs: KnownRuns, given: readonly string[]): Promise<void> {
  if (!requireTrust(t('The kernel, which reads runs, works in trusted workspaces only.'))) return;
  const chosen = given.length > 0 ? given : await ask(runs);
  if (chosen && chosen.length > 0) panels.open(chosen);
}

async function ask(runs: KnownRuns): Promise<string[] | undefined> {
  const seen = await runs.folders();
  if (seen.length === 0) {
    const start = t('Fine-tune…');
    const text = t('There is no run in this workspace yet. A fine-tune makes one.');
    if ((await vscode.window.showInformationMessage(text, start)) === start)
      await vscode.commands.executeCommand('medSa.fineTune');
    return undefined;
  }
  const items = seen.map(({ run, modified }) => ({
    label: path.basename(run),
    description: new Date(modified).toLocaleString(),
    detail: vscode.workspace.asRelativePath(run),
    run,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: t('Show Curves'),
    placeHolder: t('Runs to compare, or one'),
    canPickMany: true,
    matchOnDescription: true,
  });
  return picked?.map(({ run }) => run);
}
