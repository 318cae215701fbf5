import { randomUUID } from 'node:crypto';
import type * as vscode from 'vscode';
import type { CellOutput } from '../protocol';
import type { AdapterChoice } from './adapterChoice';
import { CellOutputs } from './cellOutputs';
import { errorText, type KernelClient } from './kernelClient';
import { KernelGoneError } from './kernelProcess';
import { notebookFolder, notebookKey } from './notebooks';

interface Waiting {
  cell: vscode.NotebookCell;
  execution: vscode.NotebookCellExecution;
}

/** Runs the cells of one notebook one after another; a cell that fails takes those behind it along. */
export class CellQueue {
  private readonly waiting: Waiting[] = [];
  private readonly outputs = new Map<string, CellOutputs>();
  /** Which execution wrote a cell's present outputs: an older one may write no more. */
  private readonly writers = new Map<vscode.NotebookCell, string>();
  private draining: Promise<void> | null = null;
  private order = 0;

  constructor(
    private readonly notebook: vscode.NotebookDocument,
    private readonly controller: vscode.NotebookController,
    private readonly kernel: KernelClient,
    private readonly adapters: AdapterChoice,
  ) {}

  /** Resolves when the queue is empty. */
  run(cells: readonly vscode.NotebookCell[]): Promise<void> {
    for (const cell of cells) {
      if (this.waiting.some((other) => other.cell === cell)) continue;
      this.waiting.push({ cell, execution: this.controller.createNotebookCellExecution(cell) });
    }
    this.draining ??= this.drain().finally(() => (this.draining = null));
    return this.draining;
  }

  write(executionId: string, output: CellOutput): void {
    this.outputs.get(executionId)?.write(output);
  }

  /** Cells that have not begun go back to how they were. */
  cancelWaiting(): void {
    for (const { execution } of this.waiting.splice(0)) {
      execution.start();
      execution.end(undefined);
    }
  }

  get busy(): boolean {
    return this.draining !== null;
  }

  /** Whether everything ends within this time. */
  idleWithin(milliseconds: number): Promise<boolean> {
    const patience = new Promise<boolean>((resolve) => setTimeout(resolve, milliseconds, false));
    return Promise.race([patience, Promise.resolve(this.draining).then(() => true)]);
  }

  /** A new kernel counts from 1 again. */
  resetOrder(): void {
    this.order = 0;
  }

  private async drain(): Promise<void> {
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      if (!(await this.execute(next))) this.cancelWaiting();
    }
  }

  private async execute({ cell, execution }: Waiting): Promise<boolean> {
    const executionId = randomUUID();
    const outputs = new CellOutputs(this.controller, execution, (error) =>
      this.kernel.log.warn(`an output was not written: ${errorText(error)}`),
    );
    const earlier = this.writers.get(cell);
    if (earlier) this.outputs.delete(earlier);
    this.writers.set(cell, executionId);
    this.outputs.set(executionId, outputs);

    execution.executionOrder = ++this.order;
    execution.start(Date.now());
    outputs.write({ kind: 'clear' });
    const ok = await this.ask(executionId, cell.document.getText(), outputs);
    await outputs.end(ok);
    return ok;
  }

  private async ask(executionId: string, code: string, outputs: CellOutputs): Promise<boolean> {
    try {
      this.adapters.restore(this.notebook);
      const { ok } = await this.kernel.request('cell/execute', {
        notebook: notebookKey(this.notebook),
        folder: notebookFolder(this.notebook),
        executionId,
        code,
      });
      return ok;
    } catch (error) {
      const name = error instanceof KernelGoneError ? 'Kernel stopped' : 'Kernel error';
      outputs.write({ kind: 'error', name, message: errorText(error), stack: '' });
      return false;
    }
  }
}
