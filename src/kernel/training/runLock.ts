import path from 'node:path';
import { lockHolder, takeLock, type Lock, type LockHolder } from '../fileLock';

/** In a run's folder while a process works on it; left behind by one that was killed. */
const lockName = 'run.lock';

/** Claims a run for this process. @throws UserError naming the process that works on it */
export const lockRun = (folder: string): Lock => takeLock(path.join(folder, lockName), `working on the run ${folder}`);

/** The process that works on a run, or did when it was killed; null when nobody does. */
export const runHolder = (folder: string): LockHolder | null => lockHolder(path.join(folder, lockName));
