import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../errors';

/**
 * A built program of this project: beside the running bundle, or in `dist` when the sources themselves run (tests).
 * @throws UserError when it was not built.
 */
export function bundle(name: 'cell' | 'cli'): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const candidates = [here, path.resolve(here, '../../../dist')].map((folder) => path.join(folder, `${name}.js`));
  const found = candidates.find((file) => fs.existsSync(file));
  if (found === undefined) throw new UserError(`${candidates[0]} is missing: build the project with npm run build`);
  return found;
}
