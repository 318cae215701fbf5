import { randomUUID } from 'node:crypto';
import { afterAll } from 'vitest';
import { type KernelOptions, NotebookKernel } from '../../../src/kernel/notebook/kernel';
import type { CellOutput, ViewerEvent } from '../../../src/protocol';
import { bundled } from '../../support/bundle';
import { FloodFillPredictor } from '../annotation/floodFillPredictor';

export interface ExecutedCell {
  ok: boolean;
  outputs: CellOutput[];
  /** What was printed. */
  stdout: string;
  /** The plain text of what was displayed, in order. */
  shown: string[];
  error: Extract<CellOutput, { kind: 'error' }> | null;
}

/** A kernel in this process, with its cells in a process of their own, answered by the flood fill. */
export async function startKernel(folder: string, options: Partial<KernelOptions> = {}) {
  const entry = await bundled('src/kernel/notebook/cell/main.ts', 'cell');
  const outputs = new Map<string, CellOutput[]>();
  const events: ViewerEvent[] = [];
  const kernel = new NotebookKernel(
    { createPredictor: async (adapters) => new FloodFillPredictor(adapters), cellEntry: () => entry, ...options },
    {
      output: (_notebook, executionId, output) =>
        outputs.set(executionId, [...(outputs.get(executionId) ?? []), output]),
      viewer: (_notebook, event) => events.push(event),
      status: () => undefined,
      log: (_level, text) => console.error(text),
    },
  );
  afterAll(() => kernel.dispose());
  const notebook = 'file:///test.ipynb';

  const execute = async (code: string): Promise<ExecutedCell> => {
    const executionId = randomUUID();
    const ok = await kernel.execute({ notebook, folder, executionId, code });
    return { ok, ...digest(outputs.get(executionId) ?? []) };
  };
  return { kernel, notebook, execute, events, entry };
}

function digest(outputs: CellOutput[]): Omit<ExecutedCell, 'ok'> {
  const stdout = outputs.map((output) => (output.kind === 'stream' ? output.text : '')).join('');
  const shown = outputs.flatMap((output) =>
    output.kind === 'display' ? output.items.filter(({ mime }) => mime === 'text/plain').map(({ data }) => data) : [],
  );
  return { outputs, stdout, shown, error: outputs.find((output) => output.kind === 'error') ?? null };
}
