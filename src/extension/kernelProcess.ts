import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { CancellationToken, LogOutputChannel } from 'vscode';
import {
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type Logger,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import type { KernelRequests } from '../protocol';
import { problemOf } from '../protocol/problem';
import { kernelResultSchemas } from '../protocol/resultSchemas';

export interface KernelLaunch {
  /** The bundle that is the kernel. */
  entry: string;
  cwd: string;
  env: Readonly<Record<string, string>>;
}

/** The kernel ended while somebody waited for its answer. */
export class KernelGoneError extends Error {
  override name = 'KernelGoneError';
}

/** The kernel answered a request with something else than it should; nothing of it was taken. */
export class KernelAnswerError extends Error {
  override name = 'KernelAnswerError';

  constructor(
    readonly method: keyof KernelRequests,
    problem: string,
  ) {
    super(
      `The Med-SA kernel answered ${method} with what was not understood (${problem}): restart it, or reload the window`,
    );
  }
}

/** How long a kernel that was asked to end may take before it is killed. */
const graceMs = 2000;

/** One life of the kernel: a Node process of its own and JSON-RPC over its IPC channel. */
export class KernelProcess {
  /** Resolves, once, with what is to be said about the end. */
  readonly ended: Promise<string>;
  private readonly child: ChildProcess;
  private readonly connection: MessageConnection;
  private reason: string | null = null;

  constructor(launch: KernelLaunch, log: LogOutputChannel) {
    this.child = fork(launch.entry, [], {
      cwd: launch.cwd,
      env: { ...process.env, ...launch.env, ELECTRON_RUN_AS_NODE: '1' },
      // Not the extension host's own flags: its debugger port is taken.
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    log.info(`kernel ${this.child.pid ?? '(not started)'}: ${launch.entry} in ${launch.cwd}`);
    if (this.child.stdout) createInterface(this.child.stdout).on('line', (line) => log.info(line));
    if (this.child.stderr) createInterface(this.child.stderr).on('line', (line) => log.warn(line));

    this.connection = createMessageConnection(
      new IPCMessageReader(this.child),
      new IPCMessageWriter(this.child),
      connectionLog(log),
    );
    // A message that is no JSON-RPC, or that nobody knows, is logged by the connection and goes no further.
    this.connection.onError(([error]) => log.warn(`kernel connection: ${error.message}`));

    this.ended = new Promise((resolve) => {
      const end = (reason: string) => {
        if (this.reason !== null) return;
        this.reason = reason;
        log.info(`kernel ${this.child.pid ?? ''}: ${reason}`);
        this.connection.dispose();
        resolve(reason);
      };
      this.child.once('error', (error) => end(`it could not be started: ${error.message}`));
      this.child.once('exit', (code, signal) => end(signal ? `ended by ${signal}` : `exit code ${code}`));
    });
  }

  onNotification(method: string, listener: (params: unknown) => void): void {
    this.connection.onNotification(method, listener);
  }

  listen(): void {
    this.connection.listen();
  }

  /**
   * @throws KernelGoneError where the process ended before it answered, KernelAnswerError where its answer is none; else the
   * kernel's own error.
   */
  async request<M extends keyof KernelRequests>(
    method: M,
    params: KernelRequests[M][0],
    token?: CancellationToken,
  ): Promise<KernelRequests[M][1]> {
    const gone = () => new KernelGoneError(`The Med-SA kernel stopped (${this.reason}) before it answered.`);
    if (this.reason !== null) throw gone();
    let answer: unknown;
    try {
      answer = await Promise.race([
        this.connection.sendRequest<unknown>(method, params, ...(token ? [token] : [])),
        this.ended.then(() => Promise.reject(gone())),
      ]);
    } catch (error) {
      throw this.reason === null ? error : gone();
    }
    return understood(method, answer);
  }

  /** Closes the channel, which the kernel takes as the wish that it end; kills it when it does not. */
  async end(): Promise<void> {
    if (this.reason !== null) return;
    if (this.child.connected) this.child.disconnect();
    const killer = setTimeout(() => this.child.kill('SIGKILL'), graceMs);
    await this.ended;
    clearTimeout(killer);
  }
}

/** The answer to a request, as it was declared. @throws KernelAnswerError naming the request and what is wrong */
export function understood<M extends keyof KernelRequests>(method: M, answer: unknown): KernelRequests[M][1] {
  let problem: string;
  try {
    const { success, data, error } = kernelResultSchemas[method].safeParse(answer);
    if (success) return data;
    problem = problemOf(error);
  } catch (error) {
    // So many mistakes, or so deep, that their list overflows.
    problem = error instanceof Error ? error.message : String(error);
  }
  throw new KernelAnswerError(method, problem);
}

function connectionLog(log: LogOutputChannel): Logger {
  return {
    error: (text) => log.error(text),
    warn: (text) => log.warn(text),
    info: (text) => log.info(text),
    log: (text) => log.debug(text),
  };
}
