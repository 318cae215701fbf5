import type { Streams } from '../../../src/kernel/cli/output';

/** Streams that keep what is written to them. */
export class KeptStreams implements Streams {
  out = '';
  err = '';
  readonly stdout = { write: (text: string) => (this.out += text) };
  readonly stderr: { isTTY?: boolean; columns?: number; write(text: string): unknown };

  constructor(terminal: { isTTY?: boolean; columns?: number } = {}) {
    this.stderr = { ...terminal, write: (text: string) => (this.err += text) };
  }
}
