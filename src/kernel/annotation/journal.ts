import fs from 'node:fs/promises';
import path from 'node:path';
import { removeLeftovers, writeFileAtomically } from '../files';
import type { AnswerRecord, SessionEvent, TimelineEvent } from './edits';
import { type JournalContent, type JournalHeader, journalStamp, readJournal } from './journalFile';
import { cannotBeKept, JournalLock } from './journalLock';

/**
 * One session's edits on disk: a line of JSON each, appended and flushed before the edit is answered. Whoever writes has
 * claimed it; others read, and read again when it has changed.
 */
export class Journal {
  private queue: Promise<unknown> = Promise.resolve();
  private count: number;
  private started: boolean;
  private readonly lock: JournalLock;

  private constructor(
    readonly file: string,
    private readonly header: JournalHeader,
    private content: JournalContent,
  ) {
    this.count = content.events.length;
    this.started = content.started;
    this.lock = new JournalLock(file, header.image);
  }

  /** What the file held when it was read last, oldest first; nothing after `forget`. */
  get events(): readonly SessionEvent[] {
    return this.content.events;
  }

  /** Lines since the header. */
  get length(): number {
    return this.count;
  }

  /** Whether this process is the one that writes. */
  get claimed(): boolean {
    return this.lock.held;
  }

  /**
   * Reads a journal, or prepares one that begins with its first edit.
   * @throws UserError for a journal that belongs to another image or that was damaged elsewhere than at its end.
   */
  static async open(file: string, header: JournalHeader): Promise<Journal> {
    return new Journal(file, header, await readJournal(file, header));
  }

  /**
   * Makes this process the one that writes, until `release`.
   * @returns what the file holds by now, where somebody else has written since it was read; else null
   * @throws UserError while another process writes
   */
  claim(): Promise<readonly SessionEvent[] | null> {
    return this.serialised(async () => {
      if (!this.claimed) await this.makeFolder();
      if (!this.lock.take()) return null;
      try {
        const changed = await this.readAgain();
        // Nobody writes any more: what is torn now, or was never put in its place, a process left when it died.
        await removeLeftovers(this.file);
        if (this.content.torn) await fs.truncate(this.file, this.content.length);
        return changed;
      } catch (error) {
        this.lock.release();
        throw error;
      }
    });
  }

  /** All that the file holds now, oldest first. @throws UserError where it cannot be read */
  read(): Promise<readonly SessionEvent[]> {
    return this.serialised(async () => (await readJournal(this.file, this.header)).events);
  }

  /** Lets go of what was read, where the file holds it. */
  forget(): void {
    if (this.started) this.content = { ...this.content, events: [] };
  }

  /** What another process has written since the file was read; null: nothing. */
  changes(): Promise<readonly SessionEvent[] | null> {
    return this.serialised(async () => (this.claimed ? null : this.readAgain()));
  }

  /** Who else writes, and what to do about that; null: nobody. */
  otherWriter(): string | null {
    return this.lock.otherWriter();
  }

  /** Lets other processes write. */
  release(): Promise<void> {
    return this.serialised(async () => {
      if (!this.claimed) return;
      this.content = { ...this.content, torn: false, stamp: await journalStamp(this.file) };
      this.lock.release();
    });
  }

  /** Resolves when the event lies on the disk. */
  append(event: TimelineEvent): Promise<void> {
    return this.write(event, true);
  }

  /** Keeps what can be computed again, where this process writes: in its turn, not waited for by the disk. */
  async note(record: AnswerRecord): Promise<void> {
    if (this.claimed) await this.write(record, false);
  }

  /** Puts these events in the place of all that is there, at once or not at all. */
  replace(events: readonly SessionEvent[]): Promise<void> {
    return this.serialised(async () => {
      await this.makeFolder();
      await writeFileAtomically(this.file, [Buffer.from(text([this.header, ...events]))]);
      this.started = true;
      this.count = events.length;
    });
  }

  private write(event: SessionEvent, flush: boolean): Promise<void> {
    return this.serialised(async () => {
      if (!this.claimed) throw new Error(`${this.file} is written without having been claimed`);
      await this.makeFolder();
      const before: SessionEvent[] = this.started ? [] : [...this.events];
      const lines = this.started ? [event] : [this.header, ...before, event];
      // A journal of the first version is written anew, whole, before anything is added.
      if (!this.started && before.length > 0) await writeFileAtomically(this.file, [Buffer.from(text(lines))]);
      else await append(this.file, text(lines), flush);
      this.started = true;
      this.count++;
    });
  }

  private async readAgain(): Promise<readonly SessionEvent[] | null> {
    if ((await journalStamp(this.file)) === this.content.stamp) return null;
    this.content = await readJournal(this.file, this.header);
    this.count = this.content.events.length;
    this.started = this.content.started;
    return this.content.events;
  }

  private async makeFolder(): Promise<void> {
    try {
      await fs.mkdir(path.dirname(this.file), { recursive: true });
    } catch (error) {
      throw cannotBeKept(this.file, error);
    }
  }

  private serialised<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => undefined);
    return result;
  }
}

const text = (lines: readonly unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

/** All of these lines or, when the disk is full, none. @throws UserError */
async function append(file: string, lines: string, flush: boolean): Promise<void> {
  try {
    const handle = await fs.open(file, 'a');
    try {
      const { size } = await handle.stat();
      try {
        await handle.appendFile(lines);
        if (flush) await handle.datasync();
      } catch (error) {
        // Half a line would spoil the next one.
        await handle.truncate(size).catch(() => undefined);
        throw error;
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw cannotBeKept(file, error);
  }
}
