// Ends the running cell from a second thread of the cell's process. The kernel writes the cell's number into a pipe; this
// thread asks the main thread to end the cell, and where the main thread does not answer (an endless loop), it ends the
// JavaScript that runs there. Variables survive. The end of the pipe is the end of the kernel: the process ends then,
// whatever a cell is doing.
import { Session } from 'node:inspector';
import { Socket } from 'node:net';
import { type MessagePort, Worker } from 'node:worker_threads';

/** Position of the pipe in the child's `stdio`. */
export const interruptPipe = 4;
const patienceMs = 120;
const attempts = 25;

/** What both threads see: how many interrupts were answered, and the cell that runs (negative: that one has ended). */
const [answered, running] = [0, 1];

/** Tells the second thread which cell there is to interrupt: an interrupt that comes late must not meet the next one. */
export interface Interrupts {
  begin(cell: number): void;
  end(cell: number): void;
}

/** Main thread: calls `interrupt` where the cell that is asked for runs. @returns when the second thread listens. */
export async function listenForInterrupts(entry: string, interrupt: () => void): Promise<Interrupts> {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(entry, { workerData: shared, execArgv: [] });
  worker.unref();
  worker.on('message', (cell: number) => {
    if (Atomics.load(shared, running) !== cell) return;
    Atomics.add(shared, answered, 1);
    interrupt();
  });
  await new Promise<void>((resolve, reject) => {
    worker.once('online', resolve);
    worker.once('error', reject);
  });
  return {
    begin: (cell) => void Atomics.store(shared, running, cell),
    end: (cell) => void Atomics.store(shared, running, -cell),
  };
}

/** Second thread. */
export function watchMainThread(port: MessagePort, shared: Int32Array): void {
  const session = new Session();
  session.connectToMainThread();
  const pipe = new Socket({ fd: interruptPipe, readable: true, writable: false });
  let text = '';
  pipe.on('data', (data: Buffer) => {
    const lines = (text + data.toString('latin1')).split('\n');
    text = lines.pop()!;
    for (const line of lines) void interruptMain(Number(line));
  });
  pipe.on('close', () => process.kill(process.pid, 'SIGKILL'));

  async function interruptMain(cell: number): Promise<void> {
    let before: number | null = null;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const now = Atomics.load(shared, running);
      if (now === -cell || Math.abs(now) > cell) return;
      // The interrupt may be here before its cell.
      if (now === cell) {
        const count = Atomics.load(shared, answered);
        if (before !== null && before !== count) return;
        // Each time: what would have heard of it may have been what was ended.
        port.postMessage(cell);
        if (before !== null) session.post('Runtime.terminateExecution');
        before = count;
      }
      await new Promise((resolve) => setTimeout(resolve, patienceMs));
    }
  }
}
