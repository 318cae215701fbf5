import { pathToFileURL } from 'node:url';
import { describeError, type ErrorOutput, interruptedOutput, scriptName } from './errors';
import { Evaluator } from './evaluator';
import { CellModules } from './modules';
import { importFunction, importMeta, type Script, transpile } from './transpile';

export type CellResult =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly output: ErrorOutput };

/**
 * The cells of one notebook, evaluated in this process's global scope. One cell at a time; `interrupt` ends the wait of
 * the running one (synchronous code is ended from outside, see interrupts.ts).
 */
export class Repl {
  private readonly evaluator = new Evaluator();
  private readonly scripts = new Map<number, Script>();
  private endCell: ((result: CellResult) => void) | null = null;

  /** `folder`: where imports and relative paths start from. */
  constructor(folder: string) {
    const modules = new CellModules(folder);
    Reflect.set(globalThis, importFunction, (specifier: unknown) => modules.import(String(specifier)));
    Reflect.set(globalThis, importMeta, { url: pathToFileURL(`${folder}/`).href, dirname: folder });
    Reflect.set(globalThis, 'require', modules.require);
  }

  /** `count`: the number that stands beside the cell, for error places. */
  async run(cell: string, count: number): Promise<CellResult> {
    let over = false;
    const interrupted = new Promise<CellResult>((resolve) => (this.endCell = resolve));
    try {
      return await Promise.race([this.evaluate(cell, count, () => over), interrupted]);
    } finally {
      over = true;
      this.endCell = null;
    }
  }

  /** @returns whether a cell was running. */
  interrupt(): boolean {
    const running = this.endCell !== null;
    this.endCell?.({ ok: false, output: interruptedOutput });
    return running;
  }

  /** An error that no cell waits for, e.g. thrown by a timer that a cell started. */
  describe(thrown: unknown): ErrorOutput {
    return describeError(thrown, 0, this.scripts);
  }

  private async evaluate(cell: string, count: number, isOver: () => boolean): Promise<CellResult> {
    try {
      const script = await transpile(cell, scriptName(count));
      // Interrupted before it began: a loop that nobody knows of would keep every later cell waiting.
      if (isOver()) return { ok: false, output: interruptedOutput };
      this.scripts.set(count, script);
      const outcome = await this.evaluator.evaluate(script.code);
      if (outcome.kind === 'value') return { ok: true, value: outcome.value };
      if (outcome.kind === 'terminated') return { ok: false, output: interruptedOutput };
      return { ok: false, output: describeError(outcome.error, count, this.scripts) };
    } catch (error) {
      return { ok: false, output: describeError(error, count, this.scripts) };
    }
  }
}
