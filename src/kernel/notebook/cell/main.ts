// Entry point of a cell process: the cells of one notebook, in its folder. The kernel starts it with the folder as its
// argument. The same file is the second thread of that process (interrupts.ts).
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { CellOutput } from '../../../protocol';
import type { FromCell, ToCell } from '../calls';
import { notebookApi } from './globals';
import { listenForInterrupts, watchMainThread } from './interrupts';
import { KernelCalls } from './kernelCalls';
import { representations, StreamBuffer } from './outputs';
import { Repl } from './repl';

async function serveCells(folder: string): Promise<void> {
  const send = (message: FromCell) => void process.send?.(message);
  let executionId = '';
  const emitNow = (output: CellOutput) => send({ type: 'output', executionId, output });
  const streams = new StreamBuffer(emitNow);
  const emit = (output: CellOutput) => {
    streams.flush();
    emitNow(output);
  };
  const kernel = new KernelCalls(send);
  const repl = new Repl(folder);

  Object.assign(globalThis, notebookApi(kernel, emit));
  captureStream(process.stdout, (text) => streams.write('stdout', text));
  captureStream(process.stderr, (text) => streams.write('stderr', text));
  // What a cell left behind, a timer say, must not take the notebook's variables with it.
  process.on('uncaughtException', (error) => emit(repl.describe(error)));
  process.on('unhandledRejection', (error) => emit(repl.describe(error)));

  const show = async (value: unknown): Promise<boolean> => {
    if (value === undefined) return true;
    try {
      emit({ kind: 'display', displayId: null, replace: false, items: await representations(value) });
      return true;
    } catch (error) {
      emit(repl.describe(error));
      return false;
    }
  };
  let last = 0;
  const execute = async ({ code, count, sequence, ...cell }: Extract<ToCell, { type: 'execute' }>) => {
    if (sequence <= last) return;
    last = sequence;
    send({ type: 'started', executionId: cell.executionId });
    interrupts.begin(sequence);
    streams.restart();
    executionId = cell.executionId;
    const result = await repl.run(code, count);
    const ok = result.ok && (await show(result.value));
    if (!result.ok) emit(result.output);
    streams.flush();
    interrupts.end(sequence);
    send({ type: 'done', executionId: cell.executionId, ok });
  };

  process.on('message', (message: ToCell) => {
    if (message.type === 'execute') void execute(message);
    else kernel.receive(message);
  });
  const interrupts = await listenForInterrupts(__filename, () => {
    // First the calls: what a cell does about an interrupt (stopping its run) it does while it is running still.
    kernel.cancelAll();
    repl.interrupt();
  });
  send({ type: 'ready' });
}

function captureStream(stream: NodeJS.WriteStream, write: (text: string) => void): void {
  stream.write = (chunk: Uint8Array | string, ...rest: unknown[]): boolean => {
    write(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
    const done = rest.find((argument) => typeof argument === 'function');
    if (typeof done === 'function') queueMicrotask(() => done());
    return true;
  };
}

if (isMainThread) {
  const folder = process.argv[2];
  process.chdir(folder);
  void serveCells(folder);
} else if (parentPort !== null) {
  watchMainThread(parentPort, workerData as Int32Array);
}
