import * as vscode from 'vscode';

const scheme = 'med-sa-report';

/** Documents that are shown and not kept: a report that is closed leaves nothing to save. */
export class Reports implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly contents = new Map<string, string>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  private readonly closing = vscode.workspace.onDidCloseTextDocument(({ uri }) => this.contents.delete(uri.path));

  /** Shows Markdown as it is read. */
  async show(name: string, markdown: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/${name}.md` });
    this.contents.set(uri.path, markdown);
    await vscode.commands.executeCommand('markdown.showPreview', uri);
  }

  provideTextDocumentContent({ path }: vscode.Uri): string | undefined {
    return this.contents.get(path);
  }

  dispose(): void {
    this.registration.dispose();
    this.closing.dispose();
  }
}
