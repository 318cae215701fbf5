import path from 'node:path';
import { bundled, bundledTogether } from '../../support/bundle';
import { KernelUnderTest } from './client';

/**
 * Starts the kernel as it is shipped, on the CPU, with its engine, cells and command line.
 * @param env what its environment has besides
 */
export async function startProduct(folder: string, env: Record<string, string> = {}): Promise<KernelUnderTest> {
  return (await productKernels(folder))(env);
}

/** Makes what starts such kernels, each a process of its own. */
export async function productKernels(folder: string): Promise<(env: Record<string, string>) => KernelUnderTest> {
  const programs = await bundledTogether({
    kernel: 'src/kernel/main.ts',
    engine: 'src/kernel/runtime/engineProcess.ts',
    cell: 'src/kernel/notebook/cell/main.ts',
    cli: 'src/kernel/cli/main.ts',
  });
  return (env) => new KernelUnderTest(path.join(programs, 'kernel.js'), folder, { MEDSA_DEVICE: 'cpu', ...env });
}

/** Makes what starts kernels whose model fills discs (`kernelUnderTest.ts`), each a process of its own. */
export async function discKernels(folder: string): Promise<() => KernelUnderTest> {
  const [entry, cellEntry] = await Promise.all([
    bundled('test/integration/kernel/kernelUnderTest.ts', 'kernel'),
    bundled('src/kernel/notebook/cell/main.ts', 'cell'),
  ]);
  return () => new KernelUnderTest(entry, folder, { CELL_ENTRY: cellEntry });
}
