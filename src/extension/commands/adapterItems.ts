import path from 'node:path';
import * as vscode from 'vscode';
import { t } from '../l10n';
import type { KnownRuns } from '../runs';

/** An item of a pick; `value`: the file of the adapters. */
export type AdapterItem = vscode.QuickPickItem & { value: string };

/** Adapters of the runs that this workspace knows, the newest first. */
export const trainedItems = async (runs: KnownRuns): Promise<AdapterItem[]> =>
  (await runs.adapters()).map(({ file, run, modified }) => ({
    label: `$(mortar-board) ${path.basename(run)}`,
    description: new Date(modified).toLocaleString(),
    detail: vscode.workspace.asRelativePath(file),
    value: file,
  }));

/** The item that leads to `openAdapters`. */
export const browseItem = (): vscode.QuickPickItem => ({
  label: `$(folder-opened) ${t('Browse…')}`,
  description: t('an adapter file (.safetensors)'),
});

export async function openAdapters(openLabel: string): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: t('Adapter File'),
    openLabel,
    filters: { [t('Adapters')]: ['safetensors', 'pth', 'pt'] },
  });
  return chosen?.[0]?.fsPath;
}
