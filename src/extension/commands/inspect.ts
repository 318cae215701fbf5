import path from 'node:path';
import * as vscode from 'vscode';
import type { ImageOutput, ImageOutputV1 } from '../../protocol';
import type { AdapterChoice } from '../adapterChoice';
import type { MedSaController } from '../controller';
import { imageOutputsOf } from '../imageOutputs';
import type { InspectorPanels } from '../inspectorPanels';
import type { FirstSteps } from '../firstSteps';
import { t } from '../l10n';
import { notebookFolder } from '../notebooks';
import type { KnownRuns } from '../runs';
import { workspaceFolder } from '../settings';
import { adaptersName } from '../statusText';
import { requireTrust } from '../trust';
import { browseItem, openAdapters, trainedItems } from './adapterItems';

export interface InspectServices {
  readonly inspectors: InspectorPanels;
  readonly controller: MedSaController;
  readonly adapters: AdapterChoice;
  readonly runs: KnownRuns;
  readonly firstSteps: FirstSteps;
}

/** An image that a notebook shows, or a file. */
interface ShownImage {
  readonly image: ImageOutput | ImageOutputV1;
  readonly folder: string;
}

/**
 * Looks into adapters on an image, in a panel. The image: the file or that of the cell it is called on, or of the selected
 * cell, or what VS Code's own viewer shows, else one that is asked for; the adapters: those in use in the notebook come first.
 */
export async function inspectAdapters(services: InspectServices, given?: unknown): Promise<void> {
  if (!requireTrust(t('The kernel runs in trusted workspaces only.'))) return;
  const notebook = services.controller.activeNotebook;
  const shown = imageOf(given) ?? imageOfSelection(notebook) ?? imageOfTab(notebook) ?? (await askImage(notebook));
  if (!shown) return;
  const adapters = await askAdapters(services, notebook);
  if (!adapters) return;
  const title = t('Adapters on {0}', path.basename(shown.image.image.path));
  await services.inspectors.open({ ...shown, adapters }, title);
  services.firstSteps.did('inspect');
}

/** A cell's menu calls with the cell, that of a file with its address. */
function imageOf(given: unknown): ShownImage | undefined {
  if (given instanceof vscode.Uri) return given.scheme === 'file' ? fileImage(given) : undefined;
  const cell = given as Partial<vscode.NotebookCell> | undefined;
  return cell?.notebook && cell.outputs ? imagesIn([cell as vscode.NotebookCell])[0] : undefined;
}

function imageOfSelection(notebook: vscode.NotebookDocument | undefined): ShownImage | undefined {
  const editor = vscode.window.visibleNotebookEditors.find((one) => one.notebook === notebook);
  return editor && notebook ? imagesIn(notebook.getCells(editor.selection))[0] : undefined;
}

/** The image file whose tab is in front, where no notebook is on the screen. */
function imageOfTab(notebook: vscode.NotebookDocument | undefined): ShownImage | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const shown = !notebook && input instanceof vscode.TabInputCustom && /^imagePreview\b/.test(input.viewType);
  return shown ? imageOf(input.uri) : undefined;
}

const fileImage = ({ fsPath }: vscode.Uri): ShownImage => ({
  image: { version: 2, image: { path: fsPath } },
  folder: workspaceFolder(),
});

/** Images that cells of a notebook show, each once. */
function imagesIn(cells: readonly vscode.NotebookCell[]): ShownImage[] {
  const found = new Map<string, ShownImage>();
  for (const cell of cells) {
    for (const image of imageOutputsOf([cell]))
      found.set(image.image.path, { image, folder: notebookFolder(cell.notebook) });
  }
  return [...found.values()];
}

async function askImage(notebook: vscode.NotebookDocument | undefined): Promise<ShownImage | undefined> {
  type Item = vscode.QuickPickItem & { value: ShownImage | null };
  const images = imagesIn(notebook?.getCells() ?? []).map<Item>((value) => ({
    label: `$(file-media) ${path.basename(value.image.image.path)}`,
    detail: value.image.image.path,
    value,
  }));
  if (images.length === 0) return openImage();
  const items: Item[] = [
    ...images,
    { label: `$(folder-opened) ${t('Browse…')}`, description: t('an image file'), value: null },
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: t('Inspect Adapters'),
    placeHolder: t('On which image?'),
  });
  return picked && (picked.value ?? (await openImage()));
}

async function openImage(): Promise<ShownImage | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: t('Image to Inspect Adapters on'),
    openLabel: t('Inspect'),
  });
  return chosen?.[0] && fileImage(chosen[0]);
}

async function askAdapters(
  { adapters, runs }: InspectServices,
  notebook: vscode.NotebookDocument | undefined,
): Promise<string | undefined> {
  const inUse = notebook && adapters.of(notebook);
  const items: (vscode.QuickPickItem & { value: string | null })[] = [
    ...(inUse
      ? [{ label: `$(plug) ${adaptersName(inUse)}`, description: t('in use'), detail: inUse, value: inUse }]
      : []),
    ...(await trainedItems(runs)).filter(({ value }) => value !== inUse),
    { ...browseItem(), value: null },
  ];
  const placeHolder = items.length > 1 ? t('Which adapters?') : t('No run in this workspace has adapters yet');
  const picked = await vscode.window.showQuickPick(items, { title: t('Inspect Adapters'), placeHolder });
  return picked && (picked.value ?? openAdapters(t('Inspect')));
}
