import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { ImageOutput, ImageOutputV1 } from '../protocol';
import type { FromInspectorPanel, ToInspectorPanel } from '../protocol/inspectorPanel';
import { inspectorAnswer, isInspectorRequest } from './inspectorMessaging';
import { errorText, type KernelClient } from './kernelClient';
import { t } from './l10n';
import { panelPage } from './panelPage';

/** What a panel looks into. */
export interface InspectorSubject {
  readonly image: ImageOutput | ImageOutputV1;
  /** Absolute path. */
  readonly adapters: string;
  /** Absolute path that the image's path starts from. */
  readonly folder: string;
}

/** Opens a panel beside the editor that looks into the image, or says why it cannot; the inspection ends with it. */
export async function showInspectorPanel(
  extension: vscode.Uri,
  kernel: KernelClient,
  subject: InspectorSubject,
  title: string,
): Promise<void> {
  const scripts = vscode.Uri.joinPath(extension, 'dist', 'webview');
  const panel = vscode.window.createWebviewPanel('medSa.inspector', title, vscode.ViewColumn.Beside, {
    enableScripts: true,
    localResourceRoots: [scripts],
    retainContextWhenHidden: true,
  });
  panel.iconPath = vscode.Uri.joinPath(extension, 'media', 'icon.png');
  // The inspection belongs to no notebook: the panel stands for one.
  const notebook = `inspector-panel:${randomUUID()}`;
  const opening = kernel.request('inspector/open', { notebook, ...subject });
  const post = (message: ToInspectorPanel) => panel.webview.postMessage(message);
  const subscription = panel.webview.onDidReceiveMessage(async (message: FromInspectorPanel) => {
    if (message.type === 'panel/ready') {
      await opening.then(
        (output) => post({ type: 'panel/show', output }),
        (error) => post({ type: 'panel/failed', message: errorText(error) }),
      );
    } else if (isInspectorRequest(message)) await post(await inspectorAnswer(kernel, message));
  });
  panel.onDidDispose(() => {
    subscription.dispose();
    void kernel.tell('notebook/close', { notebook });
  });
  panel.webview.html = panelPage(panel.webview, vscode.Uri.joinPath(scripts, 'inspector-panel.js'), {
    title: 'Adapter inspector',
    body: '<main id="inspector">Looking into the adapters…</main>',
    allows: (nonce) => ['img-src data:', `style-src 'nonce-${nonce}'`],
  });
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: t('Looking into the adapters…') },
    () => opening.then(undefined, (error) => kernel.log.error(`inspecting adapters: ${errorText(error)}`)),
  );
}
