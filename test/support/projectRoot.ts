import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json above this file; tests and `dist` lie at different depths below it. */
export const projectRoot = above(path.dirname(fileURLToPath(import.meta.url)));

function above(folder: string): string {
  return fs.existsSync(path.join(folder, 'package.json')) ? folder : above(path.dirname(folder));
}
