import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll } from 'vitest';
import {
  type CancellationToken,
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
} from 'vscode-jsonrpc/node';
import { understood } from '../../../src/extension/kernelProcess';
import type {
  CellOutput,
  KernelNotifications,
  KernelRequests,
  ViewerEvent,
  ViewerRequest,
} from '../../../src/protocol';

/** Drives a kernel process as the extension does. */
export class KernelUnderTest {
  readonly notebook = 'file:///drive.ipynb';
  readonly outputs: KernelNotifications['cell/output'][] = [];
  readonly events: ViewerEvent[] = [];
  readonly stderr: string[] = [];
  readonly child: ChildProcess;
  private readonly connection;
  private readonly listeners: ((event: ViewerEvent) => void)[] = [];

  constructor(
    entry: string,
    readonly folder: string,
    env: Record<string, string>,
  ) {
    this.child = fork(entry, [], {
      env: { ...process.env, ...env },
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    this.child.stderr?.on('data', (data: Buffer) => this.stderr.push(data.toString()));
    this.connection = createMessageConnection(new IPCMessageReader(this.child), new IPCMessageWriter(this.child));
    this.connection.onNotification('cell/output', (params) => void this.outputs.push(params));
    this.connection.onNotification('viewer/event', ({ event }) => {
      this.events.push(event);
      for (const listener of this.listeners) listener(event);
    });
    this.connection.onError(() => undefined);
    this.connection.listen();
    afterAll(() => this.kill());
  }

  async request<M extends keyof KernelRequests>(
    method: M,
    params: KernelRequests[M][0],
    token?: CancellationToken,
  ): Promise<KernelRequests[M][1]> {
    return understood(method, await this.connection.sendRequest(method, params, ...(token ? [token] : [])));
  }

  /** A request that the types would not let through. */
  malformed(method: string, params: unknown): Promise<unknown> {
    return this.connection.sendRequest(method, params);
  }

  async execute(code: string): Promise<{ ok: boolean; outputs: CellOutput[] }> {
    const executionId = randomUUID();
    const { notebook, folder } = this;
    const { ok } = await this.request('cell/execute', { notebook, folder, executionId, code });
    const mine = this.outputs.filter((output) => output.executionId === executionId);
    return { ok, outputs: mine.map(({ output }) => output) };
  }

  view(request: ViewerRequest): Promise<null> {
    return this.request('viewer/request', { notebook: this.notebook, folder: this.folder, request });
  }

  last<T extends ViewerEvent['type']>(type: T): Extract<ViewerEvent, { type: T }> {
    const found = this.events.filter((event): event is Extract<ViewerEvent, { type: T }> => event.type === type).at(-1);
    if (found === undefined) throw new Error(`no ${type} among ${this.events.map((event) => event.type).join(', ')}`);
    return found;
  }

  onEvent(listener: (event: ViewerEvent) => void): void {
    this.listeners.push(listener);
  }

  /** As a power cut would: nothing is said goodbye to. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await exited;
    this.connection.dispose();
  }
}
