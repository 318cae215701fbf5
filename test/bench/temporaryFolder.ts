import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Gives `work` an empty folder that is gone afterwards, also when the benchmark is interrupted: it may hold gigabytes. */
export async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'med-sa-bench-'));
  const remove = (): void => fs.rmSync(folder, { recursive: true, force: true });
  const interrupted = (): void => {
    remove();
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    return await work(folder);
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
    remove();
  }
}
