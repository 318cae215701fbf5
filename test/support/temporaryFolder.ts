import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

/** A fresh folder of the system's temporary one, removed after the test file or suite it is asked for in. */
export function temporaryFolder(name = 'test'): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `med-sa-${name}-`));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}
