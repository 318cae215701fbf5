// Real images are beside the project, never in it: a clone without them skips what needs them, visibly.
import fs from 'node:fs';
import path from 'node:path';
import { projectRoot } from './projectRoot';

const folder = path.join(projectRoot, '..', 'shared', 'data');

/** The folder of one real data set, or null with a notice; for `describe.skipIf(!data)`. */
export function realData(name: string): string | null {
  const data = path.join(folder, name);
  if (fs.existsSync(data)) return data;
  console.warn(`Skipped: the real data set ${name} is not at ${data}; drawn data covers the same path.`);
  return null;
}
