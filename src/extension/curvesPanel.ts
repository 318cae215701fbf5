import { randomUUID } from 'node:crypto';
import path from 'node:path';
import * as vscode from 'vscode';
import type { CurvesPanelMessage, CurvesPanelStart, CurvesState, TrainingRequest, ViewerEvent } from '../protocol';
import { curvesPanelMessageSchema } from '../protocol/panelSchemas';
import { problemOf } from '../protocol/problem';
import { trainingRequestSchema } from '../protocol/schemas';
import { errorText, type KernelClient } from './kernelClient';
import { t } from './l10n';
import { panelPage } from './panelPage';
import { workspaceFolder } from './settings';

type FromPage = CurvesPanelMessage | TrainingRequest;

/**
 * One panel: carries messages between its page and the kernel, which follows the runs. While the panel is hidden it has
 * no page and the kernel reads nothing for it; shown again, the page gets its curves anew.
 */
export class CurvesPanel implements vscode.Disposable {
  /** To the kernel the panel is a notebook without cells. */
  private readonly notebook = `curves:${randomUUID()}`;
  private readonly attached = new Map<string, TrainingRequest>();
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly panel: vscode.WebviewPanel,
    private readonly kernel: KernelClient,
    extension: vscode.Uri,
    private state: CurvesState,
  ) {
    const { webview } = panel;
    const scripts = vscode.Uri.joinPath(extension, 'dist', 'webview');
    webview.options = { enableScripts: true, localResourceRoots: [scripts] };
    panel.iconPath = new vscode.ThemeIcon('graph-line');
    this.subscriptions = [
      webview.onDidReceiveMessage((message: unknown) => void this.take(message)),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.forgetPage();
      }),
      kernel.on('viewer/event', ({ event }) => this.deliver(event)),
      kernel.onDidStart(() => this.attachAgain()),
    ];
    // Its style sheets are made by that script, which no policy need allow.
    webview.html = panelPage(webview, vscode.Uri.joinPath(scripts, 'curves.js'), { title: 'Curves' });
  }

  shows(runs: readonly string[]): boolean {
    return runs.length === this.state.runs.length && runs.every((run) => this.state.runs.includes(run));
  }

  reveal(): void {
    this.panel.reveal();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.forgetPage();
  }

  /** What is no message is told in the log and, where it names the page's view, there. */
  private async take(message: unknown): Promise<void> {
    const own = curvesPanelMessageSchema.safeParse(message);
    if (own.success) return this.receive(own.data);
    const { success, data, error } = trainingRequestSchema.safeParse(message);
    if (success) return this.receive(data);
    const problem = problemOf(error);
    this.kernel.log.warn(`a panel of curves sent a message that is no request (${problem}); it was dropped`);
    const text = t('The page sent a message that is no request ({0}); it was dropped.', problem);
    this.deliver({ type: 'training/error', viewId: `${this.notebook}/view`, message: text });
  }

  private async receive(message: FromPage): Promise<void> {
    try {
      switch (message.type) {
        case 'panel/ready':
          return this.start();
        case 'panel/state':
          return this.remember(message.state);
        case 'panel/save':
          return await this.save(message.name, message.base64);
        default:
          await this.forward(message);
      }
    } catch (error) {
      if ('viewId' in message)
        this.deliver({ type: 'training/error', viewId: message.viewId, message: errorText(error) });
      else void vscode.window.showErrorMessage(errorText(error));
    }
  }

  private start(): void {
    const start: CurvesPanelStart = { type: 'panel/start', viewId: `${this.notebook}/view`, state: this.state };
    void this.panel.webview.postMessage(start);
  }

  private remember(state: CurvesState): void {
    this.state = state;
    this.panel.title = curvesTitle(state.runs);
  }

  private async forward(request: TrainingRequest): Promise<void> {
    if (!vscode.workspace.isTrusted)
      throw new Error(t('Runs are read in trusted workspaces only: trust this one to see them.'));
    if (request.type === 'training/detach') {
      this.attached.delete(request.viewId);
      // No kernel is started to be told that nobody looks any more.
      return this.kernel.tell('viewer/request', { notebook: this.notebook, folder: workspaceFolder(), request });
    }
    await this.send(request);
    // After the request: a kernel that it started need not be told of the view again.
    if (request.type === 'training/attach') this.attached.set(request.viewId, request);
  }

  private async send(request: TrainingRequest): Promise<void> {
    await this.kernel.request('viewer/request', { notebook: this.notebook, folder: workspaceFolder(), request });
  }

  /** A kernel that begins has not heard of the views; runs go on without it. */
  private attachAgain(): void {
    for (const request of this.attached.values()) void this.send(request).catch(() => undefined);
  }

  private deliver(event: ViewerEvent): void {
    if (event.viewId.startsWith(this.notebook)) void this.panel.webview.postMessage(event);
  }

  private forgetPage(): void {
    this.attached.clear();
    void this.kernel.tell('notebook/close', { notebook: this.notebook });
  }

  private async save(name: string, base64: string): Promise<void> {
    const folder = vscode.Uri.file(workspaceFolder());
    const extension = path.extname(name).slice(1);
    const file = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.joinPath(folder, name),
      filters: { [extension.toUpperCase()]: [extension] },
    });
    if (file) await vscode.workspace.fs.writeFile(file, Buffer.from(base64, 'base64'));
  }
}

/** The title of a panel with the curves of these runs. */
export const curvesTitle = (runs: readonly string[]): string =>
  t('Curves: {0}', runs.map((run) => path.basename(run)).join(', '));
