import path from 'node:path';
import type { CellOutput, ExecuteParams } from '../../protocol';
import type { CallContext } from './apiHandlers';
import type { ApiMethod } from './calls';
import { CellProcess } from './cellProcess';

interface NotebookCellsOptions {
  /** The program that a cell process runs. */
  readonly entry: () => string;
  /** Carries a cell's call out. */
  readonly call: (method: ApiMethod, params: unknown, context: CallContext) => Promise<unknown>;
  readonly output: (notebook: string, executionId: string, output: CellOutput) => void;
}

interface OpenNotebook {
  process: CellProcess;
  closed: boolean;
  /** Cells of this notebook so far: the number beside the running one. */
  executions: number;
  /** Cells of one notebook run one after the other. */
  queue: Promise<unknown>;
}

/** The cells of all notebooks: a process each, begun with the first cell and again after it has ended. */
export class NotebookCells {
  private readonly notebooks = new Map<string, OpenNotebook>();

  constructor(private readonly options: NotebookCellsOptions) {}

  has(notebook: string): boolean {
    return this.notebooks.has(notebook);
  }

  names(): string[] {
    return [...this.notebooks.keys()];
  }

  /** Evaluates a cell after those asked for before it. @returns whether it ended without an error. */
  async execute({ notebook, folder, executionId, code }: ExecuteParams): Promise<boolean> {
    const open = this.open(notebook, folder);
    const result = open.queue.then(() => {
      // A process that is begun for a notebook that nobody has open any more would stay.
      if (open.closed) return false;
      if (!open.process.alive) open.process = this.start(notebook, folder);
      return open.process.execute(executionId, code, ++open.executions);
    });
    open.queue = result.catch(() => undefined);
    return result;
  }

  interrupt(notebook: string): boolean {
    return this.notebooks.get(notebook)?.process.interrupt() ?? false;
  }

  /** Ends the process of a notebook, with its variables: forgotten at once, ended when this resolves. */
  async close(notebook: string): Promise<void> {
    const open = this.notebooks.get(notebook);
    if (open === undefined) return;
    this.notebooks.delete(notebook);
    open.closed = true;
    await open.process.close();
  }

  private open(notebook: string, folder: string): OpenNotebook {
    let open = this.notebooks.get(notebook);
    if (open === undefined) {
      open = { process: this.start(notebook, folder), executions: 0, closed: false, queue: Promise.resolve() };
      this.notebooks.set(notebook, open);
    }
    return open;
  }

  private start(notebook: string, given: string): CellProcess {
    const { entry, call, output } = this.options;
    const folder = path.resolve(given);
    return new CellProcess({
      entry: entry(),
      folder,
      call: (method, params, context) => call(method, params, { ...context, notebook, folder }),
      output: (executionId, shown) => output(notebook, executionId, shown),
    });
  }
}
