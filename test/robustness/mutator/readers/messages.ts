// Messages between the three sides: requests to a kernel that serves them, and what pages and the extension make of
// what they get.
import fs from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import type { ResponseError } from 'vscode-jsonrpc/node';
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  createMessageConnection,
  type DataCallback,
  type Disposable,
  ErrorCodes,
  type Message,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import { KernelAnswerError, understood } from '../../../../src/extension/kernelProcess';
import { serve } from '../../../../src/kernel/server';
import { UserError } from '../../../../src/kernel/errors';
import { kernelNotificationSchemas } from '../../../../src/protocol/notificationSchemas';
import { kernelResultSchemas } from '../../../../src/protocol/resultSchemas';
import {
  curvesPanelMessageSchema,
  curvesPanelStartSchema,
  inspectorPanelSchema,
} from '../../../../src/protocol/panelSchemas';
import { readOutput, readImageEvent } from '../../../../webview/image/messages';
import { readInspection, readInspectorEvent } from '../../../../webview/inspector/messages';
import { readSummary, readTrainingEvent } from '../../../../webview/training/messages';
import { FloodFillPredictor } from '../../../unit/annotation/floodFillPredictor';
import { expectThat, messageReader, type Reader } from '../reader';
import {
  imageOutput,
  inspectorEvents,
  inspectorOutput,
  kernelNotifications,
  kernelRequests,
  kernelResults,
  panelMessages,
  summary,
  viewerEvents,
} from './messageSeeds';

/** One end of a wire in memory that carries what Node's IPC does: the structured clone. */
class End extends AbstractMessageReader {
  private callback: DataCallback = () => undefined;

  listen(callback: DataCallback): Disposable {
    this.callback = callback;
    return { dispose: () => undefined };
  }

  take(message: Message): void {
    const copy = structuredClone(message);
    setImmediate(() => this.callback(copy));
  }
}

class Sender extends AbstractMessageWriter {
  constructor(private readonly to: End) {
    super();
  }

  async write(message: Message): Promise<void> {
    this.to.take(message);
  }

  end(): void {}
}

const { CELL_ENTRY = '', CLI = '' } = process.env;

/** The kernel of the product on such a wire, and a client of it. */
function servedKernel(): MessageConnection {
  const [here, there] = [new End(), new End()];
  const kernel = createMessageConnection(there, new Sender(here));
  serve(kernel, {
    createPredictor: async (adapters) => new FloodFillPredictor(adapters),
    cellEntry: () => CELL_ENTRY,
    cli: () => CLI,
  });
  kernel.listen();
  const client = createMessageConnection(here, new Sender(there));
  client.listen();
  return client;
}

async function openKernel(folder: string) {
  const [width, height] = [20, 14];
  const levels = Buffer.from(Array.from({ length: width * height }, (_, at) => (at % width > 8 ? 200 : 40)));
  const picture = sharp(levels, { raw: { width, height, channels: 1 } }).toColourspace('b-w');
  fs.writeFileSync(path.join(folder, 'scan.png'), await picture.png().toBuffer());
  const client = servedKernel();
  const messages = Object.entries(kernelRequests).flatMap(([method, all]) =>
    all.map((params) => ({ method, params: inFolder(params, folder) })),
  );
  return { messages, take: (message: unknown) => ask(client, message) };
}

const inFolder = (params: unknown, folder: string): unknown =>
  typeof params === 'object' && params !== null && 'folder' in params ? { ...params, folder } : params;

/** A request is answered, or refused in words; afterwards the next one is answered. */
async function ask(client: MessageConnection, message: unknown): Promise<void> {
  const { method, params } = (message ?? {}) as { method?: unknown; params?: unknown };
  if (typeof method !== 'string') throw new UserError('a request without a method never leaves its sender');
  try {
    structuredClone(params);
  } catch {
    throw new UserError('what no process can send never leaves its sender');
  }
  // Each notebook has a process for its cells: none is left for the next case.
  const { notebook } = Object(params) as { notebook?: unknown };
  const refusal = await client.sendRequest(method, params).then(
    () => null,
    (error: unknown) => error,
  );
  if (method === 'cell/execute' && typeof notebook === 'string') {
    await client.sendRequest('notebook/close', { notebook }).catch(() => undefined);
  }
  const status = await client.sendRequest('status/get', null);
  expectThat(typeof status === 'object' && status !== null, 'the kernel does not answer any more');
  if (refusal === null) return;
  const { code, message: text, data } = refusal as ResponseError<{ name?: string } | undefined>;
  const own = [ErrorCodes.InvalidParams, ErrorCodes.MethodNotFound].some((known) => known === code);
  if (own || /^(UserError|UsageError|CancelledError)$/.test(data?.name ?? '')) throw new UserError(text);
  throw refusal;
}

/** What a page takes is whole; everything else it refuses, and says so to the view. */
async function pageTakes(message: unknown): Promise<void> {
  const [image, training, inspector] = [
    readImageEvent(message),
    readTrainingEvent(message),
    readInspectorEvent(message),
  ];
  const event = image ?? training ?? inspector;
  if (event === null) throw new UserError('not for this page');
  if (event.type.endsWith('/error') && 'message' in event) throw new UserError(event.message.slice(0, 300));
}

async function pageReads(value: unknown): Promise<void> {
  const output = readOutput(value) ?? readSummary(value) ?? readInspection(value);
  if (output === null) throw new UserError('no output of ours');
}

async function extensionTakes(message: unknown): Promise<void> {
  const { method, params } = (message ?? {}) as { method?: unknown; params?: unknown };
  const known = typeof method === 'string' && Object.hasOwn(kernelNotificationSchemas, method);
  if (!known) throw new UserError('not known');
  const parsed = kernelNotificationSchemas[method as keyof typeof kernelNotificationSchemas].safeParse(params);
  if (!parsed.success) throw new UserError('refused');
}

const kernelAnswers = Object.entries(kernelResults).flatMap(([method, all]) =>
  all.map((result) => ({ method, result })),
);

/** An answer is whole, or its request fails with an error that names it. */
async function extensionIsAnswered(message: unknown): Promise<void> {
  const { method, result } = (message ?? {}) as { method?: unknown; result?: unknown };
  if (typeof method !== 'string' || !Object.hasOwn(kernelResultSchemas, method)) throw new UserError('never asked');
  try {
    const answer: unknown = understood(method as keyof typeof kernelResultSchemas, result);
    expectThat(typeof answer === typeof result, `${typeof result} was taken as ${typeof answer}`);
  } catch (error) {
    if (!(error instanceof KernelAnswerError)) throw error;
    expectThat(error.message.includes(method) && error.message.length < 1000, `not told well: ${error.message}`);
    throw new UserError(error.message);
  }
}

async function panelTakes(message: unknown): Promise<void> {
  const parsed = [curvesPanelMessageSchema, curvesPanelStartSchema, inspectorPanelSchema].map((one) =>
    one.safeParse(message),
  );
  const taken = parsed.find(({ success }) => success)?.data;
  if (taken === undefined) throw new UserError('refused');
  if ('name' in taken)
    expectThat(path.basename(taken.name) === taken.name && taken.name !== '..', `a name that is a path: ${taken.name}`);
}

const given = (messages: readonly unknown[], take: (message: unknown) => Promise<void>) => () =>
  Promise.resolve({ messages, take });

export const messageReaders: readonly Reader[] = [
  messageReader('requests to the kernel', 10, { wire: true }, openKernel),
  messageReader('notifications to the extension', 5, { wire: true }, given(kernelNotifications, extensionTakes)),
  messageReader('answers to the extension', 3, { wire: true }, given(kernelAnswers, extensionIsAnswered)),
  messageReader('events to pages', 6, { wire: true }, given([...viewerEvents, ...inspectorEvents], pageTakes)),
  messageReader('outputs in notebooks', 4, { wire: false }, given([imageOutput, summary, inspectorOutput], pageReads)),
  messageReader('messages of panels', 2, { wire: true }, given(panelMessages, panelTakes)),
];
