import * as vscode from 'vscode';
import { errorText, type KernelClient } from './kernelClient';
import { notebookFolder, notebookKey } from './notebooks';
import { t } from './l10n';

const memoryKey = 'medSa.adapters';

/** Which adapters answer in which notebook. The choice outlives the kernel and the window. */
export class AdapterChoice {
  /** Notebooks whose choice a kernel knows, with the life of that kernel. */
  private readonly told = new Map<string, number>();

  constructor(
    private readonly kernel: KernelClient,
    private readonly memory: vscode.Memento,
  ) {}

  /** The adapters in use in a notebook; null for the frozen model. */
  of(notebook: vscode.NotebookDocument): string | null {
    return this.choices()[notebookKey(notebook)] ?? null;
  }

  /** `file` null: the frozen model. @throws the kernel's error for a file that does not fit; nothing changes then. */
  async use(notebook: vscode.NotebookDocument, file: string | null): Promise<void> {
    await this.tell(notebook, file);
    this.told.set(notebookKey(notebook), this.kernel.life);
    await this.remember(notebook, file);
  }

  /**
   * Tells a kernel that does not know. To be called before the notebook asks it for an answer; there is no need to
   * wait, for a kernel answers with the adapters it was told of last.
   */
  restore(notebook: vscode.NotebookDocument): void {
    const key = notebookKey(notebook);
    const file = this.choices()[key];
    if (!file || (this.kernel.running && this.told.get(key) === this.kernel.life)) return;
    this.tell(notebook, file).catch((error) => this.giveUp(notebook, error));
    // After the request, which starts a kernel where none runs.
    this.told.set(key, this.kernel.life);
  }

  private async tell(notebook: vscode.NotebookDocument, file: string | null): Promise<void> {
    const where = { notebook: notebookKey(notebook), folder: notebookFolder(notebook) };
    await this.kernel.request('adapters/use', { ...where, file });
  }

  private async giveUp(notebook: vscode.NotebookDocument, error: unknown): Promise<void> {
    await this.remember(notebook, null);
    void vscode.window.showWarningMessage(
      t('The adapters of this notebook cannot be used; the frozen model answers. {0}', errorText(error)),
    );
  }

  private async remember(notebook: vscode.NotebookDocument, file: string | null): Promise<void> {
    const { [notebookKey(notebook)]: _before, ...others } = this.choices();
    await this.memory.update(memoryKey, file === null ? others : { ...others, [notebookKey(notebook)]: file });
  }

  private choices(): Readonly<Record<string, string>> {
    return this.memory.get<Record<string, string>>(memoryKey, {});
  }
}
