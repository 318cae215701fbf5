import * as vscode from 'vscode';
import type { CellOutput, OutputItem } from '../protocol';

type Display = Extract<CellOutput, { kind: 'display' }>;
type StreamName = 'stdout' | 'stderr';

/**
 * Writes what a cell puts out into the notebook, in the order it came.
 * Text that follows text of the same stream joins it; a display that names an earlier one replaces it in place.
 */
export class CellOutputs {
  private readonly displays = new Map<string, vscode.NotebookCellOutput>();
  private lastStream: { name: StreamName; output: vscode.NotebookCellOutput } | null = null;
  private written: Thenable<void> = Promise.resolve();
  private ended = false;
  private readonly late: CellOutput[] = [];
  private writingLate: Promise<void> | null = null;

  constructor(
    private readonly controller: vscode.NotebookController,
    private readonly execution: vscode.NotebookCellExecution,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Does not wait: VS Code keeps the order and sends what comes close together as one. */
  write(output: CellOutput): void {
    if (this.ended) {
      this.late.push(output);
      this.writingLate ??= this.writeLate().finally(() => (this.writingLate = null));
      return;
    }
    this.written = this.apply(this.execution, output).then(undefined, this.onError);
  }

  /** Ends the execution after everything that came before. */
  async end(success: boolean | undefined): Promise<void> {
    await this.written;
    this.ended = true;
    this.execution.end(success, Date.now());
  }

  /** A timer of a cell may write after the cell has ended: the cell is opened for a moment, its summary kept. */
  private async writeLate(): Promise<void> {
    const { cell } = this.execution;
    const { executionOrder, success, timing } = cell.executionSummary ?? {};
    try {
      const execution = this.controller.createNotebookCellExecution(cell);
      execution.executionOrder = executionOrder;
      execution.start(timing?.startTime);
      while (this.late.length > 0)
        await Promise.all(this.late.splice(0).map((output) => this.apply(execution, output)));
      execution.end(success, timing?.endTime);
    } catch (error) {
      this.late.length = 0;
      this.onError(error);
    }
  }

  private apply(execution: vscode.NotebookCellExecution, output: CellOutput): Thenable<void> {
    switch (output.kind) {
      case 'stream':
        return this.stream(execution, output.name, output.text);
      case 'display':
        return this.display(execution, output);
      case 'error':
        return this.append(execution, [vscode.NotebookCellOutputItem.error(output)]).done;
      case 'clear':
        this.displays.clear();
        this.lastStream = null;
        return execution.clearOutput();
    }
  }

  private stream(execution: vscode.NotebookCellExecution, name: StreamName, text: string): Thenable<void> {
    const item = vscode.NotebookCellOutputItem[name](text);
    if (this.lastStream?.name === name) return execution.appendOutputItems(item, this.lastStream.output);
    const { output, done } = this.append(execution, [item]);
    this.lastStream = { name, output };
    return done;
  }

  private display(execution: vscode.NotebookCellExecution, { displayId, replace, items }: Display): Thenable<void> {
    const contents = items.map(toItem);
    const earlier = displayId !== null && replace ? this.displays.get(displayId) : undefined;
    if (earlier) return execution.replaceOutputItems(contents, earlier);
    const { output, done } = this.append(execution, contents);
    if (displayId !== null) this.displays.set(displayId, output);
    return done;
  }

  private append(
    execution: vscode.NotebookCellExecution,
    items: vscode.NotebookCellOutputItem[],
  ): { output: vscode.NotebookCellOutput; done: Thenable<void> } {
    this.lastStream = null;
    const output = new vscode.NotebookCellOutput(items);
    return { output, done: execution.appendOutput(output) };
  }
}

function toItem({ mime, encoding, data }: OutputItem): vscode.NotebookCellOutputItem {
  return encoding === 'base64'
    ? new vscode.NotebookCellOutputItem(Buffer.from(data, 'base64'), mime)
    : vscode.NotebookCellOutputItem.text(data, mime);
}
