import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
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

  /** Whether the folder holds a run, whole or not. */
  static exists(folder: string): boolean {
    return fs.existsSync(path.join(folder, 'config.json'));
  }

  /** @throws UserError when the folder holds a run already. */
  static requireFree(folder: string): void {
    if (RunDirectory.exists(folder)) {
      throw new UserError(
        `${path.resolve(folder)} holds a run already: name another folder for --out, or resume that run`,
        { file: path.resolve(folder) },
      );
    }
  }

  /** Makes a new run. @throws UserError when the folder holds a run already or cannot be made. */
  static async create(folder: string, config: object): Promise<RunDirectory> {
    const run = new RunDirectory(path.resolve(folder));
    // A starter may have left its own notes here (who started the run); a config marks a run that has begun.
    RunDirectory.requireFree(run.folder);
    try {
      fs.mkdirSync(run.file('checkpoints'), { recursive: true });
    } catch (cause) {
      throw new UserError(`${run.folder} cannot be made: name a folder that may be written for --out`, {
        file: run.folder,
        cause,
      });
    }
    await writeFileAtomically(run.file('config.json'), [
      Buffer.from(JSON.stringify({ version: runFormat, ...config }, null, 2) + '\n'),
    ]);
    run.claim();
    return run;
  }

  /** Opens a run to go on with it. @throws UserError when there is none, it is damaged, or newer than this version. */
  static open(folder: string): { run: RunDirectory; config: unknown } {
    const run = new RunDirectory(path.resolve(folder));
    const file = run.file('config.json');
    if (!RunDirectory.exists(run.folder)) {
      throw new UserError(`${run.folder} holds no run: config.json is missing`, { file: run.folder });
    }
    let config: unknown;
    try {
      config = JSON.parse(fs.readFileSync(file, 'utf8'));
    } catch (cause) {
      throw new UserError(`${file} is not JSON: the run cannot be resumed`, { file, cause });
    }
    const versioned = z.object({ version: z.number() }).safeParse(config);
    if (!versioned.success) {
      throw new UserError(`${file} states no version: it is no run's, or is damaged; the run cannot be resumed`, {
        file,
      });
    }
    if (versioned.data.version > runFormat) {
      throw new UserError(`${run.folder} was made by a newer version of Med-SA Notebook: update to resume it`, {
        file,
      });
    }
    run.claim();
    return { run, config };
  }

  /** Says which process works on the run, so that others can tell whether it is alive, and stop it. */
  private claim(): void {
    fs.writeFileSync(this.file('process.json'), JSON.stringify({ pid: process.pid }) + '\n');
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
    const file = this.file('events.jsonl');
    // After a power cut the log may be shorter than the checkpoint remembers: cutting must not lengthen it.
    const written = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    this.bytes = Math.min(eventBytes, written);
    if (written > this.bytes) fs.truncateSync(file, this.bytes);
  }

  append(event: NewRunEvent): RunEvent {
    const timed: RunEvent = { ...event, time: Date.now() };
    const line = Buffer.from(JSON.stringify(timed) + '\n');
    fs.appendFileSync(this.file('events.jsonl'), line);
    this.bytes += line.length;
    return timed;
  }

  /** Writes events and tells them to whoever listens. */
  recorder(listener?: (event: RunEvent) => void): (event: NewRunEvent) => void {
    return (event) => {
      const written = this.append(event);
      listener?.(written);
    };
  }

  log(line: string): void {
    fs.appendFileSync(this.file('log.txt'), `${new Date().toISOString()} ${line}\n`);
  }
}
