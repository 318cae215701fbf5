import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { InspectorSubject, ToInspectorPanel } from '../protocol/inspectorPanel';
import { inspectorAnswer } from './inspectorMessaging';
import { errorText, type KernelClient } from './kernelClient';
import { t } from './l10n';
import { panelPage } from './panelPage';

/** One panel that looks into an image, or says why it cannot. The inspection ends with the panel. */
export class InspectorPanel implements vscode.Disposable {
  /** The inspection belongs to no notebook: the panel stands for one. */
  private readonly notebook = `inspector-panel:${randomUUID()}`;
  private readonly opening: ReturnType<InspectorPanel['open']>;
  private readonly subscription: vscode.Disposable;

  constructor(
    private readonly panel: vscode.WebviewPanel,
    private readonly kernel: KernelClient,
    extension: vscode.Uri,
    private readonly subject: InspectorSubject,
  ) {
    const scripts = vscode.Uri.joinPath(extension, 'dist', 'webview');
    panel.webview.options = { enableScripts: true, localResourceRoots: [scripts] };
    panel.iconPath = new vscode.ThemeIcon('inspect');
    this.opening = this.open();
    // Who waits for it is told; a page that never asks is nobody.
    this.opening.catch((error: unknown) => kernel.log.error(`inspecting adapters: ${errorText(error)}`));
    this.subscription = panel.webview.onDidReceiveMessage((message: unknown) => this.receive(message));
    panel.webview.html = panelPage(panel.webview, vscode.Uri.joinPath(scripts, 'inspector-panel.js'), {
      title: 'Adapter inspector',
      body: '<main id="inspector">Looking into the adapters…</main>',
      allows: (nonce) => ['img-src data:', `style-src 'nonce-${nonce}'`],
    });
  }

  /** Resolves when the panel shows the image, or why it does not. */
  async shown(): Promise<void> {
    await this.opening.catch(() => undefined);
  }

  dispose(): void {
    this.subscription.dispose();
    void this.kernel.tell('notebook/close', { notebook: this.notebook });
  }

  private async open() {
    // A panel of the last window may come back into one that is not trusted.
    if (!vscode.workspace.isTrusted)
      throw new Error(t('Adapters are read in trusted workspaces only: trust this one, and open the panel again.'));
    return this.kernel.request('inspector/open', { notebook: this.notebook, ...this.subject });
  }

  private async receive(message: unknown): Promise<void> {
    if (isReady(message)) {
      await this.opening.then(
        (output) => this.post({ type: 'panel/show', output, subject: this.subject }),
        (error) => this.post({ type: 'panel/failed', message: errorText(error), subject: this.subject }),
      );
    } else {
      const answer = await inspectorAnswer(this.kernel, message);
      if (answer !== null) await this.post(answer);
    }
  }

  private post(message: ToInspectorPanel): Thenable<boolean> {
    return this.panel.webview.postMessage(message);
  }
}

const isReady = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'type' in message && message.type === 'panel/ready';
