import fs from 'node:fs';
import path from 'node:path';
import type { RunEvent } from '../../protocol';
import { UserError } from '../errors';
import { writeFileAtomically } from '../files';

/** Raised when the meaning of what a run writes changes. */
export const runFormat = 1;

/** `T` without its `time`, for every member of a union. */
type Untimed<T> = T extends unknown ? Omit<T, 'time'> : never;
export type NewRunEvent = Untimed<RunEvent>;

/**
 * A run is a directory: `config.json`, `events.jsonl` (append-only), `checkpoints/`, `log.txt`. The process that trains
 * owns it; everybody else only reads.
 */
export class RunDirectory {
  private bytes = 0;

  private constructor(readonly folder: string) {}

  /** Makes a new run. @throws UserError when the folder holds something else already. */
  static async create(folder: string, config: unknown): Promise<RunDirectory> {
    const run = new RunDirectory(path.resolve(folder));
    // A starter may have left its own notes here (who started the run); a config marks a run that has begun.
    if (fs.existsSync(run.file('config.json'))) {
      throw new UserError(`${run.folder} holds a run already: name another folder for --out, or resume that run`, {
        file: run.folder,
      });
    }
    try {
      fs.mkdirSync(run.file('checkpoints'), { recursive: true });
    } catch (cause) {
      throw new UserError(`${run.folder} cannot be made: name a folder that may be written for --out`, {
        file: run.folder,
        cause,
      });
    }
    await writeFileAtomically(run.file('config.json'), [
      Buffer.from(JSON.stringify({ version: runFormat, ...(config as object) }, null, 2) + '\n'),
    ]);
    return run;
  }

  /** Opens a run to go on with it. @throws UserError when there is none. */
  static open(folder: string): { run: RunDirectory; config: unknown } {
    const run = new RunDirectory(path.resolve(folder));
    const file = run.file('config.json');
    if (!fs.existsSync(file)) {
      throw new UserError(`${run.folder} holds no run: config.json is missing`, { file: run.folder });
    }
    let config: { version?: number };
    try {
      config = JSON.parse(fs.readFileSync(file, 'utf8')) as { version?: number };
    } catch (cause) {
      throw new UserError(`${file} is not JSON: the run cannot be resumed`, { file, cause });
    }
    if ((config.version ?? 0) > runFormat) {
      throw new UserError(`${run.folder} was made by a newer version of Med-SA Notebook: update to resume it`, {
        file,
      });
    }
    return { run, config };
  }

  file(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  checkpoint(name: 'state' | 'best' | 'last'): string {
    return this.file('checkpoints', `${name}.safetensors`);
  }

  /** Length of the event log, for a checkpoint to remember. */
  get eventBytes(): number {
    return this.bytes;
  }

  /** Cuts the events that a checkpoint does not know of: they are about to happen again. */
  rewind(eventBytes: number): void {
    if (fs.existsSync(this.file('events.jsonl'))) fs.truncateSync(this.file('events.jsonl'), eventBytes);
    this.bytes = eventBytes;
  }

  append(event: NewRunEvent): RunEvent {
    const timed: RunEvent = { ...event, time: Date.now() };
    const line = Buffer.from(JSON.stringify(timed) + '\n');
    fs.appendFileSync(this.file('events.jsonl'), line);
    this.bytes += line.length;
    return timed;
  }

  log(line: string): void {
    fs.appendFileSync(this.file('log.txt'), `${new Date().toISOString()} ${line}\n`);
  }
}
