import path from 'node:path';
import * as vscode from 'vscode';
import { errorText } from '../kernelClient';
import type { Row } from './row';
import { Pacer } from './pacer';

export interface RowTreeOptions {
  /** As the manifest names it. */
  readonly id: string;
  /** Reads what is shown; `show` may be called with a part of it before. */
  readonly load: (show: (rows: readonly Row[]) => void) => Promise<readonly Row[]>;
  readonly log: vscode.LogOutputChannel;
  /** Command that a click on a row runs, with the row as its argument; of rows that open. */
  readonly opens?: { readonly command: string; readonly title: string };
  readonly leastMs?: number;
}

/** A tree of rows in the side bar. It reads only while somebody sees it; what changed meanwhile is read then. */
export class RowTree implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  private readonly view: vscode.TreeView<Row>;
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly pacer: Pacer;
  /** Null until the first reading: an empty tree would say that there is nothing. */
  private rows: readonly Row[] | null = null;
  private firstRead: () => void = () => undefined;
  private readonly read = new Promise<void>((resolve) => (this.firstRead = resolve));
  private outdated = true;

  constructor(private readonly options: RowTreeOptions) {
    this.pacer = new Pacer(() => this.load(), options.leastMs ?? 500);
    this.view = vscode.window.createTreeView(options.id, { treeDataProvider: this, showCollapseAll: false });
    this.view.onDidChangeVisibility(({ visible }) => {
      if (visible && this.outdated) this.pacer.request();
    });
  }

  get visible(): boolean {
    return this.view.visible;
  }

  /** Reads again: at once where the tree is seen, else when it is. */
  refresh(): void {
    this.outdated = true;
    if (this.view.visible) this.pacer.request();
  }

  /** A file or folder is gone, and all that was in it: read again where a row tells of something there. */
  forget(gone: string): void {
    if (this.rows?.some(({ id }) => id === gone || id.startsWith(gone + path.sep))) this.refresh();
  }

  async getChildren(row?: Row): Promise<Row[]> {
    if (row) return [...(row.children ?? [])];
    if (this.rows === null) await this.read;
    return [...(this.rows ?? [])];
  }

  getTreeItem(row: Row): vscode.TreeItem {
    const { Collapsed, None } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(row.label, row.children?.length ? Collapsed : None);
    item.id = row.id;
    item.description = row.description;
    item.contextValue = row.context;
    item.iconPath = new vscode.ThemeIcon(row.icon, row.colour ? new vscode.ThemeColor(row.colour) : undefined);
    item.tooltip = tooltip(row);
    item.accessibilityInformation = { label: [row.label, row.description, ...row.lines].filter(Boolean).join(', ') };
    if (row.opens && this.options.opens) item.command = { ...this.options.opens, arguments: [row] };
    return item;
  }

  dispose(): void {
    this.pacer.dispose();
    this.view.dispose();
    this.changed.dispose();
  }

  private async load(): Promise<void> {
    this.outdated = false;
    try {
      this.show(await this.options.load((rows) => this.show(rows)));
      this.view.message = undefined;
    } catch (error) {
      this.options.log.warn(`${this.options.id}: ${errorText(error)}`);
      this.view.message = errorText(error);
    } finally {
      this.firstRead();
    }
  }

  private show(rows: readonly Row[]): void {
    if (JSON.stringify(rows) === JSON.stringify(this.rows)) return;
    this.rows = rows;
    this.firstRead();
    this.changed.fire();
  }
}

function tooltip({ label, lines }: Row): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendMarkdown('**');
  text.appendText(label);
  text.appendMarkdown('**\n\n');
  for (const line of lines) {
    text.appendText(line);
    text.appendMarkdown('\n\n');
  }
  return text;
}
