// The kernel on a wire: typed requests in, events out. One table; a request without a handler does not compile.
import path from 'node:path';
import { type CancellationToken, ErrorCodes, type MessageConnection, ResponseError } from 'vscode-jsonrpc';
import type { KernelNotifications, KernelRequests } from '../protocol';
import { problemOf } from '../protocol/problem';
import { kernelRequestSchemas } from '../protocol/schemas';
import { type KernelOptions, NotebookKernel } from './notebook/kernel';

type Method = keyof KernelRequests;
type Handlers = {
  readonly [M in Method]: (params: KernelRequests[M][0], signal: AbortSignal) => Promise<KernelRequests[M][1]>;
};

/** Code of errors that speak to the user, as UserError does; the message is all there is to show. */
const userErrorCode = -32000;

/** Serves one client until its connection ends. @returns the kernel, to be disposed of afterwards. */
export function serve(connection: MessageConnection, options: KernelOptions): NotebookKernel {
  const notify = <M extends keyof KernelNotifications>(method: M, params: KernelNotifications[M]) => {
    // The client may be gone already; the kernel ends with its channel (main.ts).
    connection.sendNotification(method, params).catch(() => undefined);
  };
  const kernel = new NotebookKernel(options, {
    output: (notebook, executionId, output) => notify('cell/output', { notebook, executionId, output }),
    viewer: (notebook, event) => notify('viewer/event', { notebook, event }),
    status: (status) => notify('status/changed', status),
    log: (level, text) => notify('log/line', { level, text }),
  });
  const handlers = handlersOf(kernel);
  for (const method of Object.keys(handlers) as Method[]) {
    connection.onRequest(method, (params: unknown, token) => answer(method, params, handlers, signalOf(token)));
  }
  return kernel;
}

function handlersOf(kernel: NotebookKernel): Handlers {
  return {
    'cell/execute': async (params) => ({ ok: await kernel.execute(params) }),
    'cell/interrupt': async ({ notebook }) => ({ interrupted: kernel.interrupt(notebook) }),
    'notebook/close': async ({ notebook }) => {
      await kernel.close(notebook);
      return null;
    },
    'viewer/request': async ({ notebook, folder, request }) => {
      await kernel.view(notebook, folder, request);
      return null;
    },
    'training/start': async (params) => ({ run: await kernel.startRun(params) }),
    'training/forecast': (params, signal) => kernel.forecastRun(params, signal),
    'training/resume': async ({ run }) => {
      await kernel.resumeRun(run);
      return null;
    },
    'annotation/export': ({ notebook, folder, outputs, target }) =>
      kernel.exportLabelled(notebook, folder, outputs, path.resolve(folder, target)),
    'training/stop': async ({ run }) => ({ stopped: kernel.stopRun(run) }),
    'adapters/use': ({ notebook, folder, file }) =>
      kernel.useAdapters(notebook, file === null ? null : path.resolve(folder, file)),
    'inspector/open': (params) => kernel.inspect(params),
    'inspector/ask': ({ request }) => kernel.answerInspector(request),
    'status/get': () => kernel.status(),
  };
}

/** Raised when whoever asked no longer wants to know. */
function signalOf(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}

async function answer<M extends Method>(
  method: M,
  params: unknown,
  handlers: Handlers,
  signal: AbortSignal,
): Promise<KernelRequests[M][1]> {
  const checked = kernelRequestSchemas[method].safeParse(params);
  if (!checked.success) {
    throw new ResponseError(ErrorCodes.InvalidParams, `${method}: ${problemOf(checked.error)}`);
  }
  try {
    return await handlers[method](checked.data, signal);
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    throw new ResponseError(userErrorCode, message, { name, stack });
  }
}
