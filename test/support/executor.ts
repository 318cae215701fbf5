import { createHash } from 'node:crypto';
import { afterAll } from 'vitest';
import { createLocalExecutor } from '../../src/kernel/runtime/localExecutor';
import type { Executor, Loaded } from '../../src/kernel/runtime/types';

/**
 * ONNX Runtime on the CPU with one thread, for the tests of a file; ended after them. A program that was loaded once
 * stays: opening it takes a hundred times as long as running it, and tests of runs open the same ones again and again.
 */
export async function testExecutor(): Promise<Executor> {
  const local = await createLocalExecutor({ device: 'cpu', threads: 1 });
  afterAll(() => local.dispose());
  const known = new Map<string, Promise<Loaded>>();
  return {
    device: local.device,
    load: (program) => {
      const key = createHash('sha256').update(program.emit()).digest('hex');
      const loaded = known.get(key) ?? local.load(program);
      known.set(key, loaded);
      return loaded;
    },
    release: () => Promise.resolve(),
    run: (...request) => local.run(...request),
    runKeeping: (...request) => local.runKeeping(...request),
    free: (held) => local.free(held),
    status: () => local.status(),
    dispose: () => local.dispose(),
  };
}
