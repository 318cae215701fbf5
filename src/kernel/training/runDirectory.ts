import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { RunEvent } from '../../protocol';
import { UserError } from '../errors';
import type { Lock } from '../fileLock';
import { leftoverOf, writeFileAtomically, writeProblem } from '../files';
import { requireKnownVersion } from '../formatVersion';
import { eventsFile } from './runEvents';
import { requireOwnFiles } from './runLinks';
import { lockRun } from './runLock';
import { TensorBoardLog } from './tensorboard/log';

/** Raised when the meaning of what a run writes changes. */
export const runFormat = 1;

/** `T` without its `time`, for every member of a union. */
type Untimed<T> = T extends unknown ? Omit<T, 'time'> : never;
export type NewRunEvent = Untimed<RunEvent>;

/**
 * A run is a directory: `config.json`, `events.jsonl` (append-only), `checkpoints/`, `tb/`, `log.txt`. The process that
 * trains owns it until `close` and holds `run.lock`; everybody else only reads.
 */
export class RunDirectory {
  private bytes = 0;
  private readonly tensorBoard: TensorBoardLog;

  private constructor(
    readonly folder: string,
    private readonly lock: Lock,
  ) {
    this.tensorBoard = new TensorBoardLog(folder);
  }

  /** Whether the folder holds a run, whole or not. */
  static exists(folder: string): boolean {
    return fs.existsSync(configOf(folder));
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

  /**
   * Makes a new run.
   * @param prepare writes what the run must hold from its beginning; there is no run before it has ended
   * @throws UserError when the folder holds a run already, another process works in it, or it cannot be made.
   */
  static async create(
    folder: string,
    config: object,
    prepare?: (run: RunDirectory) => Promise<void>,
  ): Promise<RunDirectory> {
    const absolute = path.resolve(folder);
    RunDirectory.requireFree(absolute);
    try {
      fs.mkdirSync(path.join(absolute, 'checkpoints'), { recursive: true });
    } catch (cause) {
      throw new UserError(`${absolute} cannot be made: name a folder that may be written for --out`, {
        file: absolute,
        cause,
      });
    }
    requireOwnFiles(absolute);
    const run = new RunDirectory(absolute, lockRun(absolute));
    try {
      RunDirectory.requireFree(absolute);
      // Of a run that was killed before it had a config, or has lost it.
      run.removeLeftovers();
      run.rewind(0);
      await prepare?.(run);
      // Last: whoever finds a config finds a run that can be resumed.
      await writeFileAtomically(configOf(absolute), [
        Buffer.from(JSON.stringify({ version: runFormat, ...config }, null, 2) + '\n'),
      ]);
      return run;
    } catch (error) {
      run.close();
      throw error;
    }
  }

  /**
   * Opens a run to go on with it.
   * @throws UserError when there is none, another process works on it, it is damaged, newer than this version, or has
   * links to files elsewhere in the place of its own.
   */
  static open(folder: string): { run: RunDirectory; config: unknown } {
    const absolute = path.resolve(folder);
    const config = RunDirectory.config(absolute);
    requireOwnFiles(absolute);
    const run = new RunDirectory(absolute, lockRun(absolute));
    run.removeLeftovers();
    return { run, config };
  }

  /** What a run was asked to do, for whoever looks. @throws UserError when there is no run, or it cannot be read. */
  static config(folder: string): unknown {
    const absolute = path.resolve(folder);
    const file = configOf(absolute);
    if (!RunDirectory.exists(absolute)) {
      throw new UserError(`${absolute} holds no run: config.json is missing`, { file: absolute });
    }
    if (!fs.statSync(file).isFile()) {
      throw new UserError(`${file} is no regular file: the run cannot be resumed`, { file });
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
    requireKnownVersion(absolute, versioned.data.version, runFormat, 'resume');
    return config;
  }

  /** Lets other processes go on with the run. */
  close(): void {
    this.lock.release();
  }

  private removeLeftovers(): void {
    for (const folder of [this.folder, this.file('checkpoints')]) {
      const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
      for (const name of names) if (leftoverOf(name) !== null) fs.rmSync(path.join(folder, name), { force: true });
    }
  }

  file(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  checkpoint(name: 'state' | 'best' | 'last'): string {
    return this.file('checkpoints', `${name}.safetensors`);
  }

  /** Whether another process has taken the run over, because this one seemed gone. */
  get lost(): boolean {
    return this.lock.takenOver();
  }

  /** @throws UserError when another process has taken the run over */
  private requireOwned(): void {
    if (!this.lost) return;
    throw new UserError(`another process has taken over the run ${this.folder}: this one leaves it as it is`, {
      file: this.folder,
    });
  }

  /** Brings the event log to the disk. @returns its length in bytes, for a checkpoint to remember */
  async flush(): Promise<number> {
    this.requireOwned();
    if (this.bytes > 0) {
      const log = await fs.promises.open(this.file(eventsFile), 'r+');
      await log.sync().finally(() => log.close());
    }
    return this.bytes;
  }

  /** Cuts the events that a checkpoint does not know of: they are about to happen again. */
  rewind(eventBytes: number): void {
    const file = this.file(eventsFile);
    // After a power cut the log may be shorter than the checkpoint remembers: cutting must not lengthen it.
    const written = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    this.bytes = Math.min(eventBytes, written);
    if (written > this.bytes) fs.truncateSync(file, this.bytes);
  }

  /** Writes an event down, for TensorBoard too. @throws UserError when the disk is full: the log ends in a whole line. */
  append(event: NewRunEvent): RunEvent {
    this.requireOwned();
    const timed: RunEvent = { ...event, time: Date.now() };
    const line = Buffer.from(JSON.stringify(timed) + '\n');
    const file = this.file(eventsFile);
    try {
      fs.appendFileSync(file, line);
    } catch (cause) {
      // Half a line would spoil the next one.
      if (fs.existsSync(file)) fs.truncateSync(file, this.bytes);
      throw writeProblem(file, cause);
    }
    this.bytes += line.length;
    try {
      this.tensorBoard.append(timed);
    } catch (cause) {
      throw writeProblem(this.file('tb'), cause);
    }
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
    try {
      fs.appendFileSync(this.file('log.txt'), `${new Date().toISOString()} ${line}\n`);
    } catch (cause) {
      throw writeProblem(this.file('log.txt'), cause);
    }
  }
}

const configOf = (folder: string): string => path.join(folder, 'config.json');
