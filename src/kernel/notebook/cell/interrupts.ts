// Ends the running cell from a second thread of the cell's process. The kernel writes one byte into a pipe; this thread
// asks the main thread to end the cell, and where the main thread does not answer (an endless loop), it ends the
// JavaScript that runs there. Variables survive. The end of the pipe is the end of the kernel: the process ends then,
// whatever a cell is doing.
import { Session } from 'node:inspector';
import { Socket } from 'node:net';
import { type MessagePort, Worker } from 'node:worker_threads';

/** Position of the pipe in the child's `stdio`. */
export const interruptPipe = 4;
const patienceMs = 120;
const attempts = 25;

/** Main thread: calls `interrupt` for each request. @returns when the second thread listens. */
export async function listenForInterrupts(entry: string, interrupt: () => void): Promise<void> {
  const answered = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(entry, { workerData: answered, execArgv: [] });
  worker.unref();
  worker.on('message', () => {
    Atomics.add(answered, 0, 1);
    interrupt();
  });
  await new Promise<void>((resolve, reject) => {
    worker.once('online', resolve);
    worker.once('error', reject);
  });
}

/** Second thread. */
export function watchMainThread(port: MessagePort, answered: Int32Array): void {
  const session = new Session();
  session.connectToMainThread();
  const pipe = new Socket({ fd: interruptPipe, readable: true, writable: false });
  pipe.on('data', () => void interruptMain());
  pipe.on('close', () => process.kill(process.pid, 'SIGKILL'));

  async function interruptMain(): Promise<void> {
    const before = Atomics.load(answered, 0);
    port.postMessage('interrupt');
    for (let attempt = 0; attempt < attempts; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, patienceMs));
      if (Atomics.load(answered, 0) !== before) return;
      session.post('Runtime.terminateExecution');
    }
  }
}
