// bench-open.js FILE: opens a model's encoder as the product does; prints the seconds and this process's peak memory.
import { composeModel, readModel } from '../../src/kernel/inference';
import { compileEncoder } from '../../src/kernel/inference/programs';
import { createLocalExecutor } from '../../src/kernel/runtime/localExecutor';

async function main(file: string): Promise<void> {
  const executor = await createLocalExecutor({ device: 'cpu' });
  const begin = performance.now();
  await executor.load(compileEncoder(composeModel(await readModel(file), null), 1));
  const seconds = (performance.now() - begin) / 1000;
  console.log(JSON.stringify({ seconds, peakGb: process.resourceUsage().maxRSS / 2 ** 20 }));
  await executor.dispose();
}

main(process.argv[2]).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
