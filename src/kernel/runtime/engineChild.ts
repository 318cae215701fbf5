import { fork, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import type { Socket } from 'node:net';
import readline from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { CancelledError } from '../errors';
import { toError, type EngineArguments, type EngineCall, type EngineCalls, type EngineMessage } from './engineMessages';
import { EngineCrashedError, EngineStartError } from './errors';

export interface EngineChildOptions extends EngineArguments {
  /** The built engine program. */
  readonly entry: string;
  readonly startTimeoutMs: number;
  readonly log: (line: string) => void;
  /** Ends the process while it starts. */
  readonly signal: AbortSignal;
}

const rememberedLines = 8;

/** A line of the stack that Node prints when native code aborts: for the log, not for the user. */
const stackLine = /^(-----|#?\s*\d+: )/;

/** The engine program beside the running bundle. */
export const builtEntry = (): string => fileURLToPath(new URL('./engine.js', import.meta.url));

/** What the process does meanwhile: a crash is told in these words. */
export interface Activity {
  /** As "running the program "decoder"". */
  readonly words: string;
  readonly program: string | null;
}

/** One engine process from start to end. Takes one request at a time; the caller queues. */
export class EngineChild {
  /** As of the last answer, in MiB. */
  rssMB = 0;
  /** Resolves when the process and its output have ended. */
  readonly ended: Promise<void>;
  private readonly process: ChildProcess;
  readonly #lastLines: string[] = [];
  #activity: Activity = { words: 'idle', program: null };
  #ending: string | null = null;
  #settle: { resolve(message: EngineMessage): void; reject(error: Error): void } | null = null;

  /**
   * Starts the process and waits until its device works.
   * @throws EngineStartError, DeviceUnavailableError, RuntimeMissingError
   */
  static async start(options: EngineChildOptions): Promise<EngineChild> {
    if (!fs.existsSync(options.entry)) {
      throw new EngineStartError(`The engine program is missing: run "npm run build".`, { file: options.entry });
    }
    const child = new EngineChild(options);
    const deadline = AbortSignal.timeout(options.startTimeoutMs);
    const kill = () => void child.kill();
    const stops = [deadline, options.signal];
    for (const stop of stops) stop.addEventListener('abort', kill, { once: true });
    try {
      const starting = { words: `starting on the device "${options.device}"`, program: null };
      const message = await child.#next(starting, () => undefined);
      if (message.kind === 'ready') return child;
      throw message.kind === 'unable' ? toError(message.failure) : new EngineStartError('The engine answered unasked.');
    } catch (error) {
      kill();
      if (options.signal.aborted) throw new CancelledError();
      throw startError(error, deadline.aborted ? options.startTimeoutMs : null);
    } finally {
      for (const stop of stops) stop.removeEventListener('abort', kill);
    }
  }

  private constructor(private readonly options: EngineChildOptions) {
    const { entry, log, device, threads, precision, parent, programs } = options;
    const args: EngineArguments = { device, threads, precision, parent, programs };
    this.process = fork(entry, [JSON.stringify(args)], {
      serialization: 'advanced',
      execArgv: [],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#listen(this.process.stdout, log);
    this.#listen(this.process.stderr, (line) => {
      if (!stackLine.test(line)) this.#lastLines.push(line);
      if (this.#lastLines.length > rememberedLines) this.#lastLines.shift();
      log(line);
    });
    this.process.on('message', (message: EngineMessage) => {
      if ('rssMB' in message) this.rssMB = message.rssMB;
      this.#settle?.resolve(message);
    });
    // 'close' comes after the last line of standard error, 'error' alone when the process never was.
    this.ended = new Promise((resolve) => {
      this.process.once('close', (code, signal) =>
        resolve(this.#end(signal ? `signal ${signal}` : `exit code ${code}`)),
      );
      this.process.once('error', (error) => {
        if (this.process.pid === undefined) resolve(this.#end(error.message));
      });
    });
    this.#hold(false);
  }

  get alive(): boolean {
    return this.#ending === null && this.process.exitCode === null && this.process.signalCode === null;
  }

  /**
   * @throws EngineCrashedError, or the engine's own error
   */
  async request<C extends EngineCall>(
    call: C,
    activity: Activity,
    request: EngineCalls[C]['request'],
  ): Promise<EngineCalls[C]['answer']> {
    const message = await this.#next(activity, () => this.process.send({ call, ...request }, () => undefined));
    if (message.kind === 'answer') return message.answer as EngineCalls[C]['answer'];
    if (message.kind === 'failure') throw toError(message.failure);
    throw new EngineStartError('The engine answered out of turn.');
  }

  /** Ends the process, in the middle of a run, too. It owns nothing that would need an orderly end. */
  kill(): Promise<void> {
    this.#hold(true); // whoever waits for the end must see it
    this.process.kill('SIGKILL');
    return this.ended;
  }

  async #next(activity: Activity, send: () => void): Promise<EngineMessage> {
    this.#activity = activity;
    this.#hold(true);
    try {
      return await new Promise<EngineMessage>((resolve, reject) => {
        this.#settle = { resolve, reject };
        if (this.#ending === null) send();
        else reject(this.#crash(this.#ending));
      });
    } finally {
      this.#settle = null;
      this.#hold(false);
    }
  }

  #end(ending: string): void {
    this.#ending = ending;
    this.#settle?.reject(this.#crash(ending));
  }

  #crash(ending: string): EngineCrashedError {
    const { words: activity, program } = this.#activity;
    const { device } = this.options;
    return new EngineCrashedError({ device, program, activity, ending, lastLines: [...this.#lastLines] });
  }

  #listen(stream: Readable | null, onLine: (line: string) => void): void {
    if (!stream) return;
    readline.createInterface({ input: stream }).on('line', (line) => {
      const text = stripVTControlCharacters(line).trim();
      if (text !== '') onLine(text);
    });
  }

  /** An engine at work keeps its parent alive; an idle one does not. */
  #hold(atWork: boolean): void {
    const { channel, stdout, stderr } = this.process;
    const handles = [this.process, channel, stdout as Socket | null, stderr as Socket | null];
    for (const handle of handles) {
      if (atWork) handle?.ref();
      else handle?.unref();
    }
  }
}

function startError(error: unknown, timeoutMs: number | null): unknown {
  if (!(error instanceof EngineCrashedError)) return error;
  const said = error.lastLines.length > 0 ? ` Its last words: ${error.lastLines.join(' | ')}` : '';
  const what =
    timeoutMs === null ? `ended at once (${error.ending})` : `was not ready within ${timeoutMs / 1000} s and was ended`;
  return new EngineStartError(`The engine process ${what}.${said}`, { cause: error });
}
