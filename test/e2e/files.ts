import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a file is there; the extension host that writes its address starts in about ten seconds. */
export async function waitForFile(file: string, milliseconds = 120_000): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!fs.existsSync(file)) {
    if (Date.now() > deadline) throw new Error(`${file} did not appear within ${milliseconds / 1000} s.`);
    await sleep(100);
  }
}
