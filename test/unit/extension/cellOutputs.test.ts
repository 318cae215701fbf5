import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { NotebookCellExecution, NotebookController } from 'vscode';
import { CellOutputs } from '../../../src/extension/cellOutputs';
import type { NotebookCellOutput, NotebookCellOutputItem } from './fakeVscode';

vi.mock('vscode', () => import('./fakeVscode'));

/** A cell as VS Code keeps it: outputs that executions change, one execution at a time. */
class Cell {
  outputs: NotebookCellOutput[] = [];
  executing = false;
  executionSummary = { executionOrder: 3, success: true, timing: { startTime: 1, endTime: 2 } };
  readonly ends: (boolean | undefined)[] = [];

  execution(): NotebookCellExecution {
    if (this.executing) throw new Error('the cell is executing already');
    this.executing = true;
    const change = async (apply: () => void): Promise<void> => {
      if (!this.executing) throw new Error('the execution has ended');
      apply();
    };
    const items = (given: NotebookCellOutputItem | NotebookCellOutputItem[]) => [given].flat();
    return {
      cell: this,
      start: () => undefined,
      end: (success?: boolean) => {
        this.executing = false;
        this.ends.push(success);
      },
      clearOutput: () => change(() => (this.outputs = [])),
      appendOutput: (output: NotebookCellOutput) => change(() => this.outputs.push(output)),
      appendOutputItems: (more: NotebookCellOutputItem, output: NotebookCellOutput) =>
        change(() => output.items.push(...items(more))),
      replaceOutputItems: (others: NotebookCellOutputItem[], output: NotebookCellOutput) =>
        change(() => (output.items = others)),
    } as unknown as NotebookCellExecution;
  }

  get text(): string[] {
    return this.outputs.map(({ items }) =>
      items.map(({ mime, data }) => `${mime}:${Buffer.from(data).toString()}`).join('|'),
    );
  }
}

describe('outputs of a cell', () => {
  let cell: Cell;
  let outputs: CellOutputs;
  const failed = vi.fn();

  beforeEach(() => {
    cell = new Cell();
    failed.mockReset();
    const controller = { createNotebookCellExecution: () => cell.execution() } as unknown as NotebookController;
    outputs = new CellOutputs(controller, cell.execution(), failed);
  });

  const print = (text: string, name: 'stdout' | 'stderr' = 'stdout') => outputs.write({ kind: 'stream', name, text });
  const display = (data: string, displayId: string | null = null, replace = false) =>
    outputs.write({ kind: 'display', displayId, replace, items: [{ mime: 'text/plain', encoding: 'utf8', data }] });

  it('joins text of one stream until something else comes', async () => {
    print('a');
    print('b');
    print('c', 'stderr');
    print('d');
    display('value');
    print('e');
    await outputs.end(true);
    expect(cell.text).toEqual(['stdout:a|stdout:b', 'stderr:c', 'stdout:d', 'text/plain:value', 'stdout:e']);
    expect(cell.ends).toEqual([true]);
  });

  it('replaces a display in place by its name', async () => {
    display('0 %', 'bar');
    print('between');
    display('50 %', 'bar', true);
    display('again', 'bar');
    display('never shown before', 'other', true);
    await outputs.end(true);
    expect(cell.text).toEqual([
      'text/plain:50 %',
      'stdout:between',
      'text/plain:again',
      'text/plain:never shown before',
    ]);
  });

  it('decodes pictures and shows errors', async () => {
    const data = Buffer.from('picture').toString('base64');
    const items = [{ mime: 'image/png', encoding: 'base64' as const, data }];
    outputs.write({ kind: 'display', displayId: null, replace: false, items });
    outputs.write({ kind: 'error', name: 'RangeError', message: 'too far', stack: '' });
    await outputs.end(false);
    expect(cell.text).toEqual(['image/png:picture', 'error:RangeError: too far']);
    expect(cell.ends).toEqual([false]);
  });

  it('forgets what it cleared', async () => {
    display('old', 'bar');
    print('old');
    outputs.write({ kind: 'clear' });
    print('new');
    display('new', 'bar', true);
    await outputs.end(true);
    expect(cell.text).toEqual(['stdout:new', 'text/plain:new']);
  });

  it('writes what comes after the end, and leaves the verdict as it was', async () => {
    print('early');
    await outputs.end(true);
    print('late');
    print(' later');
    await vi.waitFor(() => expect(cell.text).toEqual(['stdout:early|stdout:late|stdout: later']));
    await vi.waitFor(() => expect(cell.ends).toEqual([true, true]));
    expect(failed).not.toHaveBeenCalled();
  });

  it('gives up what comes late to a cell that is gone', async () => {
    await outputs.end(true);
    cell.executing = true;
    print('late');
    await vi.waitFor(() => expect(failed).toHaveBeenCalledTimes(1));
  });
});
