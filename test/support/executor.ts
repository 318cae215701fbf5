import { afterAll } from 'vitest';
import { createLocalExecutor, type LocalExecutor } from '../../src/kernel/runtime/localExecutor';

/** ONNX Runtime on the CPU with one thread, for the tests of a file; ended after them. */
export async function testExecutor(): Promise<LocalExecutor> {
  const executor = await createLocalExecutor({ device: 'cpu', threads: 1 });
  afterAll(() => executor.dispose());
  return executor;
}
