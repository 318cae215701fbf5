import * as vscode from 'vscode';
import type { AdapterChoice } from '../adapterChoice';
import type { MedSaController } from '../controller';
import { t } from '../l10n';
import { openNewNotebook } from '../notebooks';
import type { KnownRuns } from '../runs';
import { adaptersName } from '../statusText';
import { requireTrust } from '../trust';
import { browseItem, openAdapters, trainedItems } from './adapterItems';
import { firstCell } from './firstCell';

const browse = Symbol('browse');

/**
 * Lets adapters answer in the active notebook; `given` null: the frozen model. With an argument, asks nothing.
 * @returns whether adapters answer now
 */
export async function useAdapters(
  adapters: AdapterChoice,
  controller: MedSaController,
  runs: KnownRuns,
  given?: string | null,
): Promise<boolean> {
  if (!requireTrust(t('The kernel runs in trusted workspaces only.'))) return false;
  const notebook = controller.activeNotebook ?? (await offerNotebook());
  if (!notebook) return false;
  const file = given === undefined ? await ask(runs) : given;
  if (file === undefined) return false;
  const location = vscode.ProgressLocation.Window;
  await vscode.window.withProgress({ location, title: t('Loading adapters…') }, () => adapters.use(notebook, file));
  const said =
    file === null
      ? t('Clicks are now answered by the frozen model.')
      : t('Clicks are now answered by the adapters {0}.', adaptersName(file));
  void vscode.window.setStatusBarMessage(`$(check) ${said}`, 5000);
  return file !== null;
}

/** Adapters belong to a notebook: where none is open, a new one. */
async function offerNotebook(): Promise<vscode.NotebookDocument | undefined> {
  const open = t('New Notebook');
  const said = t('Adapters belong to a notebook, and none with the kernel Med-SA is open.');
  return (await vscode.window.showWarningMessage(said, open)) === open ? openNewNotebook(firstCell()) : undefined;
}

async function ask(runs: KnownRuns): Promise<string | null | undefined> {
  type Item = vscode.QuickPickItem & { value: string | null | typeof browse };
  const trained = await trainedItems(runs);
  const items: Item[] = [
    ...trained,
    { label: `$(circle-slash) ${t('Frozen model')}`, description: t('no adapters'), value: null },
    { ...browseItem(), value: browse },
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: t('Use Adapters'),
    placeHolder:
      trained.length > 0 ? t('Which run should answer clicks?') : t('No run in this workspace has adapters yet'),
    matchOnDescription: true,
  });
  return picked?.value === browse ? openAdapters(t('Use Adapters')) : picked?.value;
}
