import * as vscode from 'vscode';
import type { KernelNotifications, KernelRequests } from '../protocol';
import { kernelNotificationSchemas } from '../protocol/notificationSchemas';
import { type KernelLaunch, KernelProcess } from './kernelProcess';
import { t } from './l10n';

type Method = keyof KernelNotifications;
type Emitters = { readonly [M in Method]: vscode.EventEmitter<KernelNotifications[M]> };

/** The one kernel of this window: started on first use, started again on the next use after it died. */
export class KernelClient implements vscode.Disposable {
  private process: KernelProcess | null = null;
  private lives = 0;
  private complaint: Thenable<void> | null = null;
  private readonly started = new vscode.EventEmitter<number>();
  private readonly stopped = new vscode.EventEmitter<void>();
  private readonly emitters: Emitters = {
    'cell/output': new vscode.EventEmitter(),
    'viewer/event': new vscode.EventEmitter(),
    'status/changed': new vscode.EventEmitter(),
    'log/line': new vscode.EventEmitter(),
  };

  /** Fires with the number of the life that begins. */
  readonly onDidStart = this.started.event;
  readonly onDidStop = this.stopped.event;

  constructor(
    private readonly launch: () => KernelLaunch,
    readonly log: vscode.LogOutputChannel,
  ) {
    this.on('log/line', ({ level, text }) => log[level === 'warn' || level === 'error' ? level : 'info'](text));
  }

  get running(): boolean {
    return this.process !== null;
  }

  /** Counts the kernels of this window; what an earlier one was told, a later one does not know. */
  get life(): number {
    return this.lives;
  }

  on<M extends Method>(method: M, listener: (params: KernelNotifications[M]) => void): vscode.Disposable {
    return this.emitters[method].event(listener);
  }

  /** Asks the kernel, starting it where none runs. @throws KernelGoneError, or the kernel's own error. */
  request<M extends keyof KernelRequests>(
    method: M,
    params: KernelRequests[M][0],
    token?: vscode.CancellationToken,
  ): Promise<KernelRequests[M][1]> {
    return (this.process ?? this.start()).request(method, params, token);
  }

  /** Tells a running kernel; one that does not run has nothing to be told. */
  async tell<M extends keyof KernelRequests>(method: M, params: KernelRequests[M][0]): Promise<void> {
    try {
      await this.process?.request(method, params);
    } catch (error) {
      this.log.warn(`${method}: ${errorText(error)}`);
    }
  }

  async restart(): Promise<void> {
    await this.stop();
    if (!this.process) this.start();
  }

  /** Ends the kernel and waits for its end. */
  async stop(): Promise<void> {
    const process = this.process;
    if (!process) return;
    this.forget(process);
    await process.end();
  }

  dispose(): void {
    void this.stop();
    for (const emitter of Object.values(this.emitters)) emitter.dispose();
    this.started.dispose();
    this.stopped.dispose();
  }

  private start(): KernelProcess {
    const process = new KernelProcess(this.launch(), this.log);
    this.process = process;
    for (const method of Object.keys(this.emitters) as Method[]) this.forward(process, method);
    process.listen();
    void process.ended.then((reason) => {
      if (this.process !== process) return;
      this.forget(process);
      this.complain(reason);
    });
    this.started.fire(++this.lives);
    return process;
  }

  private forward<M extends Method>(process: KernelProcess, method: M): void {
    process.onNotification(method, (params) => {
      try {
        const { success, data, error } = kernelNotificationSchemas[method].safeParse(params);
        if (!success) {
          this.log.warn(
            `${method} of the kernel was not understood at ${error.issues[0].path.join('.')}; it was dropped`,
          );
          return;
        }
        this.emitters[method].fire(data);
      } catch (problem) {
        this.log.warn(`${method} was not understood: ${errorText(problem)}`);
      }
    });
  }

  private forget(process: KernelProcess): void {
    if (this.process !== process) return;
    this.process = null;
    this.stopped.fire();
  }

  /** Says once that the kernel died, however many deaths follow before the message is answered. */
  private complain(reason: string): void {
    const [restart, showLog] = [t('Restart'), t('Show Log')];
    this.complaint ??= vscode.window
      .showErrorMessage(
        t(
          'The Med-SA kernel stopped ({0}). Variables of cells are gone; images, prompts and runs are on disk.',
          reason,
        ),
        restart,
        showLog,
      )
      .then((answer) => {
        this.complaint = null;
        if (answer === restart && !this.process) this.start();
        if (answer === showLog) this.log.show();
      });
  }
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
