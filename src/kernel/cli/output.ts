import { ProgressLine } from './progress';

/** Where text goes: a part of a process's stream. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Streams {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
}

/** A program that reads the result also shows the progress. */
const programIntervalMs = 500;

/**
 * What a command says. For people: results on standard output, progress on standard error. With `--json`: one object
 * on standard output, everything else on standard error.
 */
export class Output {
  private readonly bar: ProgressLine;

  constructor(
    private readonly streams: Streams,
    readonly json: boolean,
  ) {
    this.bar = new ProgressLine(streams.stderr, undefined, json ? programIntervalMs : undefined);
  }

  /** A line of the command's account. */
  line(text: string): void {
    this.bar.clear();
    (this.json ? this.streams.stderr : this.streams.stdout).write(`${text}\n`);
  }

  /** A line beside the account: what is being waited for, what to know. */
  note(text: string): void {
    this.bar.clear();
    this.streams.stderr.write(`${text}\n`);
  }

  /** Work in progress: a bar on a terminal, now and then a line elsewhere. */
  progress(label: string, done: number, total: number): void {
    this.bar.show(label, done, total);
  }

  /** The command's result: `lines` for people, or `object` as JSON. Once per command. */
  result(object: Readonly<Record<string, unknown>>, lines: readonly string[]): void {
    this.bar.clear();
    if (this.json) this.streams.stdout.write(`${JSON.stringify(object)}\n`);
    else for (const text of lines) this.streams.stdout.write(`${text}\n`);
  }

  /** Why the command has no result: `text` on standard error, and with `--json` the object in the result's place. */
  failure(error: { readonly name: string; readonly message: string; readonly file?: string }, text: string): void {
    this.note(text);
    if (this.json) this.streams.stdout.write(`${JSON.stringify({ error })}\n`);
  }
}
