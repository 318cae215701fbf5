import { randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { CellOutput } from '../../protocol';
import { CancelledError, UserError } from '../errors';
import { type NotebookCell, OutputList, readNotebook, writeNotebook } from './ipynb';
import { type KernelOptions, NotebookKernel } from './kernel';

export interface HeadlessOptions {
  readonly kernel: KernelOptions;
  readonly notebook: string;
  /** Where the executed notebook is written; may be the notebook itself. */
  readonly out: string;
  /** Where relative paths in cells start from; the folder of `out` by default. */
  readonly folder?: string;
  /**
   * Values for the cell that is tagged `parameters`, whose source they replace, e.g. `{ dataFolder: '/data/hearts' }`:
   * the executed notebook says what it was executed with and can be run again. They must be JSON.
   */
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  /** Cell about to run; `number` counts code cells from 1. */
  readonly onCell?: (cell: { readonly number: number; readonly of: number; readonly source: string }) => void;
  readonly onOutput?: (output: CellOutput) => void;
  readonly onLog?: (level: 'info' | 'warn' | 'error', text: string) => void;
}

export interface HeadlessResult {
  readonly ok: boolean;
  /** Name and message of the error that stopped the execution. */
  readonly error: string | null;
  readonly cells: number;
}

/**
 * Executes a notebook from top to bottom without an editor and writes it with its outputs. Stops at the first error;
 * what was executed until then is written too.
 * @throws UserError when the notebook cannot be read or written; CancelledError.
 */
export async function executeNotebook(options: HeadlessOptions): Promise<HeadlessResult> {
  const notebook = await readNotebook(options.notebook);
  const out = path.resolve(options.out);
  const folder = path.resolve(options.folder ?? path.dirname(out));
  await fs.mkdir(path.dirname(out), { recursive: true });

  let receive: (output: CellOutput) => void = () => undefined;
  const kernel = new NotebookKernel(options.kernel, {
    output: (_notebook, _executionId, output) => receive(output),
    viewer: () => undefined,
    status: () => undefined,
    log: (level, text) => options.onLog?.(level, text),
  });
  const execute = (code: string) => kernel.execute({ notebook: out, folder, executionId: randomUUID(), code });
  const interrupt = () => void kernel.interrupt(out);
  options.signal?.addEventListener('abort', interrupt);

  if (options.variables !== undefined) setParameters(options.notebook, notebook.cells, options.variables);
  const codeCells = notebook.cells.filter((cell) => cell.cell_type === 'code');
  for (const cell of codeCells) Object.assign(cell, { outputs: [], execution_count: null });
  let error: string | null = null;
  try {
    for (const [index, cell] of codeCells.entries()) {
      if (cell.source.trim() === '') continue;
      if (options.signal?.aborted) throw new CancelledError();
      options.onCell?.({ number: index + 1, of: codeCells.length, source: cell.source });
      error = await executeCell(cell, index + 1, execute, (listener) => (receive = listener), options.onOutput);
      await writeNotebook(out, notebook);
      if (options.signal?.aborted) throw new CancelledError();
      if (error !== null) break;
    }
    await writeNotebook(out, notebook);
  } finally {
    options.signal?.removeEventListener('abort', interrupt);
    await kernel.dispose();
  }
  return { ok: error === null, error, cells: codeCells.length };
}

/** @returns the error that ended the cell, null when it succeeded. */
async function executeCell(
  cell: NotebookCell,
  count: number,
  execute: (code: string) => Promise<boolean>,
  listen: (listener: (output: CellOutput) => void) => void,
  onOutput: (output: CellOutput) => void = () => undefined,
): Promise<string | null> {
  const list = new OutputList();
  let error: string | null = null;
  listen((output) => {
    list.add(output);
    if (output.kind === 'error') error = `${output.name}: ${output.message}`;
    onOutput(output);
  });
  const ok = await execute(cell.source);
  cell.outputs = list.outputs;
  cell.execution_count = count;
  return ok ? null : (error ?? 'the cell failed without a message');
}

function setParameters(file: string, cells: readonly NotebookCell[], values: Readonly<Record<string, unknown>>): void {
  const cell = cells.find(({ metadata: { tags } }) => Array.isArray(tags) && tags.includes('parameters'));
  if (cell === undefined) {
    throw new UserError(`${file} has no cell for its parameters: tag one of its code cells "parameters"`, { file });
  }
  const lines = Object.entries(values).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`);
  cell.source = lines.join('\n');
}
