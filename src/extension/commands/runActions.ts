import path from 'node:path';
import * as vscode from 'vscode';
import { z } from 'zod';
import { runCli } from '../cliProcess';
import type { KernelClient } from '../kernelClient';
import { t } from '../l10n';
import { runAt } from '../runList';
import type { Reports } from '../reports';
import type { KnownRuns } from '../runs';
import { workspaceFolder } from '../settings';
import type { SideBar } from '../views/sideBar';
import { evaluationMarkdown, evaluationSchema } from './evaluationMarkdown';
import { followRun, workspacePlace } from './fineTune';
import { withProgress } from './progress';

export interface RunServices {
  readonly kernel: KernelClient;
  readonly runs: KnownRuns;
  readonly cli: string;
  readonly sideBar: SideBar;
  readonly reports: Reports;
}

/** Asks the run's process to stop after the batch that it is at, and waits for it. */
export async function stopRun({ cli, sideBar }: RunServices, run: string): Promise<void> {
  const title = t('Stopping {0}…', path.basename(run));
  const answer = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, () =>
    runCli({ cli, arguments: ['runs', 'stop', run], cwd: workspaceFolder() }),
  );
  sideBar.refreshRuns();
  if (z.object({ stopped: z.boolean() }).parse(answer).stopped) return;
  void vscode.window.showInformationMessage(t('{0} is not running.', path.basename(run)));
}

/** Goes on with a run from its last checkpoint. */
export async function resumeRun({ kernel, sideBar }: RunServices, run: string): Promise<void> {
  const title = t('Resuming {0}…', path.basename(run));
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, () =>
    kernel.request('training/resume', { run }),
  );
  sideBar.refreshRuns();
  followRun(kernel, workspacePlace(), run, t('Fine-tuning {0}', path.basename(run)));
}

/**
 * Shows a folder in the explorer, or on the desktop where it lies outside of the workspace. Of another machine or in a
 * browser there is no desktop to show it on: its path can be copied.
 */
export async function revealFolder(folder: string): Promise<void> {
  const uri = vscode.Uri.file(folder);
  if (vscode.workspace.getWorkspaceFolder(uri) !== undefined)
    return void (await vscode.commands.executeCommand('revealInExplorer', uri));
  const onDesktop = vscode.env.remoteName === undefined && vscode.env.uiKind === vscode.UIKind.Desktop;
  if (onDesktop) return void (await vscode.commands.executeCommand('revealFileInOS', uri));
  const copy = t('Copy Path');
  const said = t('{0} lies outside of this workspace.', folder);
  if ((await vscode.window.showInformationMessage(said, copy)) === copy) await vscode.env.clipboard.writeText(folder);
}

/** Measures a run's best adapters on what it held out, with every kind of prompt, and shows the table. */
export async function evaluateRun({ cli, reports }: RunServices, run: string): Promise<void> {
  const found = await runAt(cli, run, workspaceFolder());
  if (!found?.best) {
    void vscode.window.showWarningMessage(
      t('{0} has no adapters yet: its first epoch is not over.', path.basename(run)),
    );
    return;
  }
  const given = ['evaluate', '--split', run, '--adapters', found.best];
  const device = vscode.workspace.getConfiguration('medSa').get('device', 'auto');
  const answer = await withProgress(
    { cli, arguments: [...given, '--device', device], cwd: workspaceFolder() },
    t('Evaluating {0}', found.name),
  );
  if (answer === null) return;
  await reports.show(found.name, evaluationMarkdown(found.name, evaluationSchema.parse(answer), t));
}

/** Deletes a run's folder after a question; one that is at work is not. */
export async function deleteRun({ cli, runs, sideBar }: RunServices, run: string): Promise<void> {
  const name = path.basename(run);
  const refuse = async (): Promise<boolean> => {
    const found = await runAt(cli, run, workspaceFolder());
    if (found !== null && found.status !== 'running') return false;
    void vscode.window.showWarningMessage(
      found === null ? t('{0} is no run any more.', run) : t('{0} is running: stop it first, then delete it.', name),
    );
    sideBar.refreshRuns();
    return true;
  };
  if (await refuse()) return;
  const remove = t('Delete');
  const detail = t('Its curves, checkpoints and adapters go for good: {0}', run);
  const answer = await vscode.window.showWarningMessage(
    t('Delete the run {0}?', name),
    { modal: true, detail },
    remove,
  );
  // It may have been resumed while the question stood.
  if (answer !== remove || (await refuse())) return;
  await vscode.workspace.fs.delete(vscode.Uri.file(run), { recursive: true, useTrash: false });
  await runs.forget(run);
  sideBar.refreshRuns();
}
