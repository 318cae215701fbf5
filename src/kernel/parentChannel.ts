import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import type { KernelOptions } from './notebook/kernel';
import { serve } from './server';

/**
 * Serves the process that forked this one, and ends with it. What goes wrong outside of a request is logged: a kernel
 * that answers pictures and watches fine-tunes does not end for one of them.
 */
export function serveParent(options: KernelOptions): void {
  if (process.send === undefined) {
    console.error('The kernel is started by its editor, over an IPC channel: run npx med-sa for the command line.');
    process.exitCode = 2;
    return;
  }
  const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process), {
    error: console.error,
    warn: console.warn,
    info: () => undefined,
    log: () => undefined,
  });
  const log = (error: unknown) => console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.on('uncaughtException', log);
  process.on('unhandledRejection', log);
  connection.onError(([error]) => log(error));

  const kernel = serve(connection, options);
  const end = () => {
    connection.dispose();
    // The engine and the cells end with the kernel; whatever hangs must not keep it.
    setTimeout(() => process.exit(0), 1000).unref();
    void kernel.dispose().finally(() => process.exit(0));
  };
  process.once('disconnect', end);
  process.once('SIGTERM', end);
  connection.listen();
}
