import path from 'node:path';
import * as vscode from 'vscode';
import type { KernelStatus } from '../protocol';
import { notebookType } from './identity';
import type { KernelClient } from './kernelClient';

/** What answers a click: model, adapters, device; in the tooltip, why a faster device does not. */
export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('medSa.status', vscode.StatusBarAlignment.Right, 90);
  private readonly subscriptions: vscode.Disposable[];
  private status: KernelStatus | null = null;

  constructor(kernel: KernelClient) {
    this.item.name = 'Med-SA';
    this.item.command = 'medSa.useAdapters';
    this.subscriptions = [
      this.item,
      kernel.on('status/changed', (status) => this.show(status)),
      kernel.onDidStop(() => this.show(null)),
      vscode.window.onDidChangeActiveNotebookEditor(() => this.render()),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private show(status: KernelStatus | null): void {
    this.status = status;
    this.render();
  }

  private render(): void {
    const relevant = vscode.window.visibleNotebookEditors.some(
      ({ notebook }) => notebook.notebookType === notebookType,
    );
    if (!this.status || !relevant) return this.item.hide();
    const { model, adapters, device } = this.status;
    const parts = [model ?? 'no model yet', adapters && adaptersName(adapters)].filter(Boolean).join(' + ');
    this.item.text = `$(sparkle) ${parts}${device ? ` · ${device}` : ''}`;
    this.item.tooltip = tooltip(this.status);
    this.item.accessibilityInformation = { label: `Med-SA: ${parts}, device ${device ?? 'not chosen yet'}` };
    this.item.show();
  }
}

/** `runs/sunnybrook/checkpoints/best.safetensors` is known as `sunnybrook`. */
export function adaptersName(file: string): string {
  const folder = path.dirname(file);
  const run = path.basename(folder) === 'checkpoints' ? path.basename(path.dirname(folder)) : '';
  return run || path.basename(file, path.extname(file));
}

function tooltip({ model, adapters, device, deviceNotes, memoryMB, pid }: KernelStatus): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const line = (label: string, value: string) => {
    text.appendMarkdown(`**${label}** `);
    text.appendText(value);
    text.appendMarkdown('\n\n');
  };
  line('Model', model ?? 'loaded with the first image');
  line('Adapters', adapters ?? 'none: the frozen model');
  line('Device', device ?? 'chosen with the first image');
  for (const note of deviceNotes) {
    text.appendMarkdown('- ');
    text.appendText(note);
    text.appendMarkdown('\n');
  }
  if (deviceNotes.length > 0) text.appendMarkdown('\n');
  line('Kernel', `process ${pid}, ${Math.round(memoryMB)} MB`);
  return text;
}
