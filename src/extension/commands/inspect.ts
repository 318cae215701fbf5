import path from 'node:path';
import * as vscode from 'vscode';
import { imageMime, type ImageOutput, type ImageOutputV1 } from '../../protocol';
import type { AdapterChoice } from '../adapterChoice';
import type { MedSaController } from '../controller';
import { showInspectorPanel } from '../inspectorPanel';
import type { FirstSteps } from '../firstSteps';
import type { KernelClient } from '../kernelClient';
import { t } from '../l10n';
import { notebookFolder } from '../notebooks';
import type { KnownRuns } from '../runs';
import { workspaceFolder } from '../settings';
import { requireTrust } from '../trust';

interface Services {
  readonly extension: vscode.Uri;
  readonly kernel: KernelClient;
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

export const registerInspector = (services: Services): vscode.Disposable =>
  vscode.commands.registerCommand('medSa.inspect', (given?: unknown) => inspectAdapters(services, given));

/**
 * Looks into adapters on an image, in a panel. The image: that of the cell it is called on, or of the selected cell, else
 * one that is asked for; the adapters: those in use in the notebook come first.
 */
async function inspectAdapters(services: Services, given?: unknown): Promise<void> {
  if (!requireTrust(t('The kernel runs in trusted workspaces only.'))) return;
  const notebook = services.controller.activeNotebook;
  const shown = imageOf(given) ?? imageOfSelection(notebook) ?? (await askImage(notebook));
  if (!shown) return;
  const adapters = await askAdapters(services, notebook);
  if (!adapters) return;
  const title = t('Adapters on {0}', path.basename(shown.image.image.path));
  await showInspectorPanel(services.extension, services.kernel, { ...shown, adapters }, title);
  services.firstSteps.did('inspect');
}

/** A cell's menu calls with the cell. */
function imageOf(given: unknown): ShownImage | undefined {
  const cell = given as Partial<vscode.NotebookCell> | undefined;
  return cell?.notebook && cell.outputs ? imagesIn([cell as vscode.NotebookCell])[0] : undefined;
}

function imageOfSelection(notebook: vscode.NotebookDocument | undefined): ShownImage | undefined {
  const editor = vscode.window.visibleNotebookEditors.find((one) => one.notebook === notebook);
  return editor && notebook ? imagesIn(notebook.getCells(editor.selection))[0] : undefined;
}

/** Images that cells show, each once. */
function imagesIn(cells: readonly vscode.NotebookCell[]): ShownImage[] {
  const found = new Map<string, ShownImage>();
  for (const { notebook, outputs } of cells) {
    for (const { mime, data } of outputs.flatMap(({ items }) => items)) {
      if (mime !== imageMime) continue;
      try {
        const image = JSON.parse(new TextDecoder().decode(data)) as ShownImage['image'];
        if (typeof image.image.path === 'string')
          found.set(image.image.path, { image, folder: notebookFolder(notebook) });
      } catch {
        // A damaged output is no image; its renderer says so.
      }
    }
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
  if (!chosen?.[0]) return undefined;
  return { image: { version: 2, image: { path: chosen[0].fsPath } }, folder: workspaceFolder() };
}

async function askAdapters(
  { adapters, runs }: Services,
  notebook: vscode.NotebookDocument | undefined,
): Promise<string | undefined> {
  type Item = vscode.QuickPickItem & { value: string | null };
  const inUse = notebook && adapters.of(notebook);
  const trained = (await runs.adapters()).filter(({ file }) => file !== inUse);
  const items: Item[] = [
    ...(inUse
      ? [
          {
            label: `$(plug) ${path.basename(path.dirname(path.dirname(inUse)))}`,
            description: t('in use'),
            detail: inUse,
            value: inUse,
          },
        ]
      : []),
    ...trained.map(({ file, run, modified }) => ({
      label: `$(mortar-board) ${path.basename(run)}`,
      description: new Date(modified).toLocaleString(),
      detail: vscode.workspace.asRelativePath(file),
      value: file,
    })),
    { label: `$(folder-opened) ${t('Browse…')}`, description: t('an adapter file (.safetensors)'), value: null },
  ];
  const placeHolder = items.length > 1 ? t('Which adapters?') : t('No run in this workspace has adapters yet');
  const picked = await vscode.window.showQuickPick(items, { title: t('Inspect Adapters'), placeHolder });
  if (!picked) return undefined;
  if (picked.value !== null) return picked.value;
  const filters = { [t('Adapters')]: ['safetensors', 'pth', 'pt'] };
  const chosen = await vscode.window.showOpenDialog({ title: t('Adapter File'), openLabel: t('Inspect'), filters });
  return chosen?.[0]?.fsPath;
}
