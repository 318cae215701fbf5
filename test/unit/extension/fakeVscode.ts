// The part of the vscode module that the extension's own logic touches, without VS Code.
import { vi } from 'vitest';

export class EventEmitter<T> {
  private readonly listeners = new Set<(value: T) => void>();
  readonly event = (listener: (value: T) => void): { dispose(): void } => {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  };
  fire(value: T): void {
    for (const listener of this.listeners) listener(value);
  }
  dispose(): void {
    this.listeners.clear();
  }
}

export class NotebookCellOutputItem {
  constructor(
    readonly data: Uint8Array,
    readonly mime: string,
  ) {}
  static text(text: string, mime: string): NotebookCellOutputItem {
    return new NotebookCellOutputItem(Buffer.from(text), mime);
  }
  static stdout(text: string): NotebookCellOutputItem {
    return this.text(text, 'stdout');
  }
  static stderr(text: string): NotebookCellOutputItem {
    return this.text(text, 'stderr');
  }
  static error({ name, message }: Error): NotebookCellOutputItem {
    return this.text(`${name}: ${message}`, 'error');
  }
}

export class NotebookCellOutput {
  constructor(public items: NotebookCellOutputItem[]) {}
}

type Message = (message: string, ...actions: string[]) => Promise<string | undefined>;

type Information = (message: string, ...rest: (string | object)[]) => Promise<string | undefined>;

export enum ProgressLocation {
  Window = 10,
  Notification = 15,
}

export interface ReportedProgress {
  message?: string;
  increment?: number;
}

/** What is shown while something takes its time; `cancel` is the notification's button. */
export class ShownProgress {
  readonly reports: ReportedProgress[] = [];
  private readonly cancelled = new EventEmitter<void>();
  readonly token = { onCancellationRequested: this.cancelled.event };
  constructor(readonly options: { title: string; cancellable?: boolean }) {}
  cancel(): void {
    this.cancelled.fire();
  }
}

export const shownProgress: ShownProgress[] = [];

export const window = {
  showErrorMessage: vi.fn<Message>(),
  showWarningMessage: vi.fn<Message>(),
  showInformationMessage: vi.fn<Information>(),
  showQuickPick: vi.fn<(items: { label: string }[], options: object) => Promise<object | undefined>>(),
  withProgress<T>(
    options: { title: string; cancellable?: boolean },
    work: (progress: { report(value: ReportedProgress): void }, token: ShownProgress['token']) => Promise<T>,
  ): Promise<T> {
    const shown = new ShownProgress(options);
    shownProgress.push(shown);
    return work({ report: (value) => shown.reports.push(value) }, shown.token);
  },
};

export const commands = { executeCommand: vi.fn<(command: string, ...given: unknown[]) => Promise<unknown>>() };

/** No translation: messages as they are written. */
export const l10n = {
  t: (message: string, ...values: (string | number)[]): string =>
    message.replace(/\{(\d+)\}/g, (_, index: string) => String(values[Number(index)])),
};

/** The messaging of one renderer: `receive` is what a webview does, `sent` what it would get. */
export class RendererMessagingChannel {
  readonly sent: { message: unknown; editor: unknown }[] = [];
  private readonly received = new EventEmitter<{ editor: unknown; message: unknown }>();
  readonly onDidReceiveMessage = this.received.event;
  receive(editor: unknown, message: unknown): void {
    this.received.fire({ editor, message });
  }
  async postMessage(message: unknown, editor?: unknown): Promise<boolean> {
    this.sent.push({ message, editor });
    return true;
  }
}

export const channels = new Map<string, RendererMessagingChannel>();

export const notebooks = {
  createRendererMessaging(id: string): RendererMessagingChannel {
    const channel = new RendererMessagingChannel();
    channels.set(id, channel);
    return channel;
  },
};

const closed = new EventEmitter<unknown>();
export const workspace = {
  isTrusted: true,
  workspaceFolders: undefined,
  onDidCloseNotebookDocument: closed.event,
  close: (notebook: unknown) => closed.fire(notebook),
};
