import * as vscode from 'vscode';
import type { KernelStatus } from '../protocol';
import { notebookType } from './identity';
import type { KernelClient } from './kernelClient';
import { t } from './l10n';
import { type KernelState, statusDetails, statusLine } from './statusText';

/** How often a kernel that runs is asked how it is, and how long it may take to say so. */
const askMs = 20_000;
const patienceMs = 10_000;

/** What answers a click: model, adapters, device; in the tooltip, why a faster device does not, and how the kernel is. */
export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('medSa.status', vscode.StatusBarAlignment.Right, 90);
  private readonly subscriptions: vscode.Disposable[];
  private present: KernelState = { kernel: 'off', status: null };

  constructor(private readonly kernel: KernelClient) {
    this.item.name = 'Med-SA';
    this.item.command = 'medSa.statusActions';
    const asking = setInterval(() => vscode.window.state.focused && void this.ask(), askMs);
    this.subscriptions = [
      this.item,
      { dispose: () => clearInterval(asking) },
      kernel.on('status/changed', (status) => this.show({ kernel: 'on', status })),
      kernel.onDidStart(() => {
        this.show({ kernel: 'starting', status: null });
        void this.ask();
      }),
      kernel.onDidStop(() => this.show({ kernel: 'off', status: null })),
      vscode.window.onDidChangeActiveNotebookEditor(() => this.render()),
      vscode.window.onDidChangeVisibleNotebookEditors(() => this.render()),
    ];
    this.render();
  }

  get state(): KernelState {
    return this.present;
  }

  /** Asks a running kernel how it is. */
  async ask(): Promise<void> {
    if (!this.kernel.running) return;
    const { life } = this.kernel;
    const silent = setTimeout(() => {
      if (this.kernel.running && this.kernel.life === life) this.show({ ...this.present, kernel: 'silent' });
    }, patienceMs);
    try {
      const status: KernelStatus = await this.kernel.request('status/get', null);
      if (this.kernel.running && this.kernel.life === life) this.show({ kernel: 'on', status });
    } catch {
      // It ended meanwhile: its end is told of elsewhere.
    } finally {
      clearTimeout(silent);
    }
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private show(state: KernelState): void {
    this.present = state;
    this.render();
  }

  private render(): void {
    const { kernel } = this.present;
    const editors = vscode.window.visibleNotebookEditors;
    const relevant = editors.some(({ notebook }) => notebook.notebookType === notebookType);
    if (!relevant && kernel === 'off') return this.item.hide();
    this.item.text = statusLine(this.present, t);
    this.item.tooltip = tooltip(this.present);
    this.item.backgroundColor =
      kernel === 'silent' ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    const spoken = statusDetails(this.present, t).map(({ label, value }) => `${label} ${value}`);
    this.item.accessibilityInformation = { label: `Med-SA: ${spoken.join(', ')}`, role: 'button' };
    this.item.show();
  }
}

function tooltip(state: KernelState): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  for (const { label, value, below } of statusDetails(state, t)) {
    text.appendMarkdown(`**${label}** `);
    text.appendText(value);
    text.appendMarkdown('\n\n');
    for (const note of below) {
      text.appendMarkdown('- ');
      text.appendText(note);
      text.appendMarkdown('\n');
    }
    if (below.length > 0) text.appendMarkdown('\n');
  }
  text.appendMarkdown(t('Click for actions.'));
  return text;
}
