import path from 'node:path';
import * as vscode from 'vscode';
import type { AdapterChoice } from '../adapterChoice';
import type { MedSaController } from '../controller';
import type { KnownRuns } from '../runs';
import { adaptersName } from '../statusBar';
import { requireTrust } from '../trust';

const browse = Symbol('browse');

/** Lets adapters answer in the active notebook; `given` null: the frozen model. With an argument, asks nothing. */
export async function useAdapters(
  adapters: AdapterChoice,
  controller: MedSaController,
  runs: KnownRuns,
  given?: string | null,
): Promise<void> {
  if (!requireTrust('The kernel runs in trusted workspaces only.')) return;
  const notebook = controller.activeNotebook;
  if (!notebook) {
    void vscode.window.showWarningMessage(
      'Open a notebook with the kernel Med-SA first: adapters belong to a notebook.',
    );
    return;
  }
  const file = given === undefined ? await ask(runs) : given;
  if (file === undefined) return;
  const location = vscode.ProgressLocation.Window;
  await vscode.window.withProgress({ location, title: 'Loading adapters…' }, () => adapters.use(notebook, file));
  const name = file === null ? 'the frozen model' : `the adapters ${adaptersName(file)}`;
  void vscode.window.setStatusBarMessage(`$(check) Clicks are now answered by ${name}.`, 5000);
}

async function ask(runs: KnownRuns): Promise<string | null | undefined> {
  type Item = vscode.QuickPickItem & { value: string | null | typeof browse };
  const trained = (await runs.adapters()).map<Item>(({ file, run, modified }) => ({
    label: `$(mortar-board) ${path.basename(run)}`,
    description: new Date(modified).toLocaleString(),
    detail: vscode.workspace.asRelativePath(file),
    value: file,
  }));
  const items: Item[] = [
    ...trained,
    { label: '$(circle-slash) Frozen model', description: 'no adapters', value: null },
    { label: '$(folder-opened) Browse…', description: 'an adapter file (.safetensors)', value: browse },
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: 'Use Adapters',
    placeHolder: trained.length > 0 ? 'Which run should answer clicks?' : 'No run in this workspace has adapters yet',
    matchOnDescription: true,
  });
  return picked?.value === browse ? openFile() : picked?.value;
}

async function openFile(): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: 'Adapter File',
    openLabel: 'Use Adapters',
    filters: { Adapters: ['safetensors', 'pth', 'pt'] },
  });
  return chosen?.[0]?.fsPath;
}
