import { EventEmitter, once } from 'node:events';
import type { LogOutputChannel } from 'vscode';

/** An output channel that keeps its lines. */
export class RecordedLog {
  readonly lines: string[] = [];
  readonly channel: LogOutputChannel;
  private readonly added = new EventEmitter();

  constructor() {
    const add = (line: string): void => {
      this.lines.push(line);
      this.added.emit('line');
    };
    const levels = { trace: add, debug: add, info: add, warn: add, error: add };
    this.channel = { ...levels, show: () => undefined } as unknown as LogOutputChannel;
  }

  /** Resolves as soon as a line matches. */
  async says(pattern: RegExp): Promise<void> {
    while (!this.lines.some((line) => pattern.test(line))) await once(this.added, 'line');
  }
}
