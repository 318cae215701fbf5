// The engine process: owns the sessions and the held tensors, and answers one request after another.
// A worker thread of the same file watches the parent, because a run blocks the main thread for as long as it takes.
import fs from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import {
  toFailure,
  type EngineArguments,
  type EngineCall,
  type EngineCalls,
  type EngineMessage,
  type EngineRequest,
} from './engineMessages';
import { createLocalExecutor, type LocalExecutor } from './localExecutor';

const watchInterval = 1000; // ms

if (isMainThread) void serve(JSON.parse(process.argv[2]) as EngineArguments);
else watchParent(workerData as EngineArguments);

async function serve(args: EngineArguments): Promise<void> {
  process.once('disconnect', () => {
    removePrograms(args);
    process.exit(0);
  });
  new Worker(__filename, { workerData: args }).unref();
  try {
    const executor = await createLocalExecutor(args);
    process.on('message', (request: EngineRequest) => void answer(executor, request).then(send));
    send({ kind: 'ready', rssMB: rssMB() });
  } catch (error) {
    send({ kind: 'unable', failure: toFailure(error) });
  }
}

async function answer(executor: LocalExecutor, request: EngineRequest): Promise<EngineMessage> {
  try {
    return { kind: 'answer', answer: await perform(executor, request), rssMB: rssMB() };
  } catch (error) {
    return { kind: 'failure', failure: toFailure(error), rssMB: rssMB() };
  }
}

async function perform(executor: LocalExecutor, request: EngineRequest): Promise<EngineCalls[EngineCall]['answer']> {
  switch (request.call) {
    case 'load':
      return executor.load(request.program);
    case 'run':
      return executor.runKeeping(request.loaded, request.feeds, request);
    case 'free':
      for (const held of request.held) await executor.free(held);
      return null;
    case 'release':
      await executor.release(request.loaded);
      return null;
  }
}

/** Ends this process in the middle of a run, too, when the parent died without closing the channel to a free thread. */
function watchParent(args: EngineArguments): void {
  setInterval(() => {
    if (process.ppid === args.parent && isAlive(args.parent)) return;
    removePrograms(args);
    process.kill(process.pid, 'SIGKILL');
  }, watchInterval);
}

/** A process that has ended cannot be signalled; where the system keeps no parents (Windows), this is what tells. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function removePrograms({ programs }: EngineArguments): void {
  if (programs !== undefined) fs.rmSync(programs, { recursive: true, force: true });
}

const send = (message: EngineMessage): void => void process.send?.(message);

const rssMB = (): number => Math.round(process.memoryUsage.rss() / 2 ** 20);
