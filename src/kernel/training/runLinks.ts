import fs from 'node:fs';
import path from 'node:path';
import { UserError } from '../errors';

/** What a run's process writes, and what it goes on from; a link anywhere else in the folder is nobody's business. */
const written = [
  'config.json',
  'events.jsonl',
  'log.txt',
  'run.lock',
  'tb',
  path.join('tb', 'unfinished.tmp'),
  'checkpoints',
  ...['state', 'best', 'last'].map((name) => path.join('checkpoints', `${name}.safetensors`)),
];

/**
 * A run's files lie in its folder: one that somebody else made may hold links, through which another file would be read
 * as its state, or written over. The folder itself may be a link.
 * @throws UserError naming the link and where it leads
 */
export function requireOwnFiles(run: string): void {
  for (const name of written) {
    const target = leadsElsewhere(run, name);
    if (target === null) continue;
    const file = path.join(run, name);
    throw new UserError(
      `${file} is a link to ${target}, outside of the run, which stays as it is: put the file itself there, or let the ` +
        'whole folder of the run lie elsewhere',
      { file },
    );
  }
}

/** Where a file of a run lies when that is outside of the run's folder, because of a link; else null. */
export function leadsElsewhere(run: string, name: string): string | null {
  const file = path.join(run, name);
  const stat = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  const target = place(file);
  const inside = path.relative(fs.realpathSync(run), target);
  return inside === '..' || inside.startsWith(`..${path.sep}`) || path.isAbsolute(inside) ? target : null;
}

/** Of a link that leads nowhere: what would be made there. A ring of links is left to whoever opens it. */
function place(file: string, hops = 0): string {
  try {
    return fs.realpathSync(file);
  } catch {
    const link = fs.lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() && hops < 40;
    if (link) return place(path.resolve(path.dirname(file), fs.readlinkSync(file)), hops + 1);
    const folder = path.dirname(file);
    return fs.existsSync(folder) ? path.join(fs.realpathSync(folder), path.basename(file)) : file;
  }
}
