import { type ChildProcess, fork } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { CellOutput } from '../../protocol';
import { problemOf } from '../../protocol/problem';
import type { ApiMethod, ToCell } from './calls';
import { interruptedOutput } from './cell/errors';
import { interruptPipe } from './cell/interrupts';
import { parseFromCell } from './cellMessages';

/** Carries a cell's call out. `progress` reaches the cell while it waits. */
export type CallHandler = (
  method: ApiMethod,
  params: unknown,
  context: { readonly signal: AbortSignal; readonly progress: (value: unknown) => void },
) => Promise<unknown>;

export interface CellProcessOptions {
  /** The built `cell.js`. */
  readonly entry: string;
  readonly folder: string;
  readonly call: CallHandler;
  readonly output: (executionId: string, output: CellOutput) => void;
  /** A cell that does not end within this time after an interrupt is ended with its process. */
  readonly patienceMs?: number;
}

interface RunningCell {
  readonly executionId: string;
  readonly sequence: number;
  /** The process has heard of it. */
  started(): void;
  end(ok: boolean): void;
}

/** The process that evaluates the cells of one notebook; ends with the kernel. */
export class CellProcess {
  private readonly child: ChildProcess;
  private readonly ready: Promise<void>;
  private readonly calls = new Map<number, AbortController>();
  private running: RunningCell | null = null;
  /** Set while a cell waits for the process to start, true once it was interrupted there. */
  private starting: { interrupted: boolean } | null = null;
  private lastExecution = '';
  private sequence = 0;
  private interruptedAt = -Infinity;
  private ended = false;

  constructor(private readonly options: CellProcessOptions) {
    this.child = fork(options.entry, [options.folder], {
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
      // Ending JavaScript in a timer's callback leaves Node's stack of async ids unbalanced, which is harmless here.
      execArgv: ['--no-force-async-hooks-checks'],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    });
    this.ready = new Promise((resolve) => {
      this.child.on('message', (message) => this.receive(message, resolve));
      this.child.once('exit', () => resolve());
    });
    this.child.once('exit', (code, signal) => this.end(signal === null ? `exit code ${code}` : `signal ${signal}`));
    this.child.on('error', (error) => this.end(error.message));
    // What comes here passed by the cell's own console: native code, or the last words of a dying process.
    this.child.stdout?.on('data', (data: Buffer) => this.stream('stdout', data));
    this.child.stderr?.on('data', (data: Buffer) => this.stream('stderr', data));
    this.interruptInput.on('error', () => undefined);
  }

  get alive(): boolean {
    return !this.ended;
  }

  /** Evaluates a cell; one at a time. @returns whether it ended without an error. */
  async execute(executionId: string, code: string, count: number): Promise<boolean> {
    this.lastExecution = executionId;
    const starting = (this.starting = { interrupted: false });
    await this.ready;
    this.starting = null;
    if (starting.interrupted) {
      this.options.output(executionId, interruptedOutput);
      return false;
    }
    if (this.ended) {
      this.options.output(executionId, died('it did not start'));
      return false;
    }
    const sequence = ++this.sequence;
    return new Promise((resolve) => {
      const tell = () => this.send({ type: 'execute', executionId, sequence, code, count });
      // What ends a cell's JavaScript may come late, on a busy machine, and end what hears of the next cell.
      const again = setInterval(() => performance.now() - this.interruptedAt < 10_000 && tell(), 1000);
      const started = () => clearInterval(again);
      this.running = {
        executionId,
        sequence,
        started,
        end: (ok) => {
          started();
          this.running = null;
          resolve(ok);
        },
      };
      tell();
    });
  }

  /** Ends the running cell; its process too when nothing else helps. @returns whether one was running. */
  interrupt(): boolean {
    if (this.starting !== null) {
      this.starting.interrupted = true;
      return true;
    }
    const interrupted = this.running;
    if (interrupted === null || this.ended) return false;
    this.interruptedAt = performance.now();
    this.interruptInput.write(`${interrupted.sequence}\n`);
    const timer = setTimeout(() => {
      if (this.running === interrupted) this.child.kill('SIGKILL');
    }, this.options.patienceMs ?? 5000);
    timer.unref();
    return true;
  }

  async close(): Promise<void> {
    if (this.ended) return;
    const exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await exited;
  }

  private get interruptInput(): Writable {
    return this.child.stdio[interruptPipe] as Writable;
  }

  private receive(received: unknown, ready: () => void): void {
    const { success, data: message, error } = parseFromCell(received);
    if (!success) {
      const text = `The kernel refused a message of this cell's process: ${problemOf(error)}\n`;
      return this.options.output(this.lastExecution, { kind: 'stream', name: 'stderr', text });
    }
    switch (message.type) {
      case 'ready':
        return ready();
      case 'output':
        return this.options.output(message.executionId, message.output);
      case 'started':
        if (this.running?.executionId === message.executionId) this.running.started();
        return;
      case 'done':
        if (this.running?.executionId === message.executionId) this.running.end(message.ok);
        return;
      case 'cancel':
        return this.calls.get(message.id)?.abort();
      case 'call':
        void this.carryOut(message.id, message.method, message.params);
    }
  }

  private async carryOut(id: number, method: ApiMethod, params: unknown): Promise<void> {
    const controller = new AbortController();
    this.calls.set(id, controller);
    try {
      const progress = (value: unknown) => this.send({ type: 'progress', id, value });
      const result = await this.options.call(method, params, { signal: controller.signal, progress });
      this.send({ type: 'answer', id, result });
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      this.send({ type: 'failure', id, name, message });
    } finally {
      this.calls.delete(id);
    }
  }

  private send(message: ToCell): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  private stream(name: 'stdout' | 'stderr', data: Buffer): void {
    const text = data.toString('utf8').replace('Waiting for the debugger to disconnect...\n', '');
    if (text !== '') this.options.output(this.lastExecution, { kind: 'stream', name, text });
  }

  private end(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    for (const controller of this.calls.values()) controller.abort();
    if (this.running === null) return;
    this.options.output(this.running.executionId, died(reason));
    this.running.end(false);
  }
}

const died = (reason: string): CellOutput => ({
  kind: 'error',
  name: 'CellProcessEnded',
  message: `the process of this notebook's cells ended (${reason}): its variables are lost; run the cells again from the top`,
  stack: '',
});
