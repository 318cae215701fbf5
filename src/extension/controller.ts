import * as vscode from 'vscode';
import type { AdapterChoice } from './adapterChoice';
import { CellQueue } from './cellQueue';
import { controllerId, notebookType } from './identity';
import type { KernelClient } from './kernelClient';
import { t } from './l10n';
import { adopt, asksForMedSa, notebookKey } from './notebooks';
import { requireTrust } from './trust';

/** How long a cell may take to stop before the user is offered a restart. */
const interruptPatienceMs = 5000;

/** The kernel "Med-SA" in the kernel picker of every Jupyter notebook. */
export class MedSaController implements vscode.Disposable {
  private readonly controller: vscode.NotebookController;
  private readonly queues = new Map<string, CellQueue>();
  private readonly selected = new Set<vscode.NotebookDocument>();
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly kernel: KernelClient,
    private readonly adapters: AdapterChoice,
  ) {
    const controller = vscode.notebooks.createNotebookController(controllerId, notebookType, 'Med-SA');
    controller.description = t('Medical image segmentation on this machine');
    controller.supportedLanguages = ['typescript', 'javascript'];
    controller.supportsExecutionOrder = true;
    controller.executeHandler = (cells, notebook) => this.execute(cells, notebook);
    controller.interruptHandler = (notebook) => this.interrupt(notebook);
    this.controller = controller;

    for (const notebook of vscode.workspace.notebookDocuments) this.prefer(notebook);
    this.subscriptions = [
      controller,
      controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => this.select(notebook, selected)),
      vscode.workspace.onDidOpenNotebookDocument((notebook) => this.prefer(notebook)),
      vscode.workspace.onDidCloseNotebookDocument((notebook) => this.close(notebook)),
      kernel.on('cell/output', ({ notebook, executionId, output }) =>
        this.queues.get(notebook)?.write(executionId, output),
      ),
      kernel.onDidStop(() => this.queues.forEach((queue) => queue.resetOrder())),
    ];
  }

  /** The Med-SA notebook the user means: the active one, else one that is visible. */
  get activeNotebook(): vscode.NotebookDocument | undefined {
    const editors = [vscode.window.activeNotebookEditor, ...vscode.window.visibleNotebookEditors];
    return editors.find((editor) => editor && this.selected.has(editor.notebook))?.notebook;
  }

  /** Stops what runs in the notebook that the user means. */
  async interruptActive(): Promise<void> {
    const notebook = this.activeNotebook;
    if (notebook) await this.interrupt(notebook);
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private async execute(cells: vscode.NotebookCell[], notebook: vscode.NotebookDocument): Promise<void> {
    if (!requireTrust(t('Cells are programs and run with your rights.'))) return;
    const key = notebookKey(notebook);
    let queue = this.queues.get(key);
    if (!queue) this.queues.set(key, (queue = new CellQueue(notebook, this.controller, this.kernel, this.adapters)));
    await queue.run(cells);
  }

  private async interrupt(notebook: vscode.NotebookDocument): Promise<void> {
    const queue = this.queues.get(notebookKey(notebook));
    queue?.cancelWaiting();
    if (!this.kernel.running || !queue?.busy) return;
    await this.kernel.tell('cell/interrupt', { notebook: notebookKey(notebook) });
    if (await queue.idleWithin(interruptPatienceMs)) return;
    const answer = await vscode.window.showWarningMessage(t('The cell does not stop.'), t('Restart Kernel'));
    if (answer) await this.kernel.restart();
  }

  /** A notebook saved with this kernel gets it again without being asked. */
  private prefer(notebook: vscode.NotebookDocument): void {
    if (notebook.notebookType !== notebookType || !asksForMedSa(notebook)) return;
    this.controller.updateNotebookAffinity(notebook, vscode.NotebookControllerAffinity.Preferred);
  }

  private select(notebook: vscode.NotebookDocument, selected: boolean): void {
    if (!selected) {
      this.selected.delete(notebook);
      return;
    }
    this.selected.add(notebook);
    void adopt(notebook);
  }

  private close(notebook: vscode.NotebookDocument): void {
    this.selected.delete(notebook);
    this.queues.get(notebookKey(notebook))?.cancelWaiting();
    this.queues.delete(notebookKey(notebook));
    void this.kernel.tell('notebook/close', { notebook: notebookKey(notebook) });
  }
}
