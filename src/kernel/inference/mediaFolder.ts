import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../errors';

/** The folder of the embedded model: beside the bundles when installed, above the sources when run from them. */
export function modelsFolder(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = path.join(folder, 'media', 'models');
    if (existsSync(candidate)) return candidate;
    const parent = path.dirname(folder);
    if (parent === folder) throw new UserError('the folder media/models is missing: install Med-SA Notebook again');
    folder = parent;
  }
}
