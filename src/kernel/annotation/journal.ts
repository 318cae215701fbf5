// One session's edits on disk: a line of JSON each, appended and flushed before the edit is answered.
import fs from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors';
import { writeFileAtomically } from '../files';
import { eventSchema, type AnswerRecord, type SessionEvent, type TimelineEvent } from './edits';
import { eventsOfVersion1, type JournalHeaderV1, headerV1Schema, lineV1Schema } from './journalV1';

const headerSchema = z.object({
  version: z.literal(2),
  image: z.string().min(1),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  slices: z.number().int().positive(),
});

/** First line of a journal: which image the edits belong to. */
export type JournalHeader = z.infer<typeof headerSchema>;

export class Journal {
  private queue: Promise<unknown> = Promise.resolve();
  private count: number;

  private constructor(
    readonly file: string,
    private readonly header: JournalHeader,
    /** What the file held when it was opened, oldest first. */
    readonly events: readonly SessionEvent[],
    /** Whether the file holds its header, of this version. */
    private started: boolean,
  ) {
    this.count = events.length;
  }

  /** Lines since the header. */
  get length(): number {
    return this.count;
  }

  /**
   * Opens a journal, or prepares one that begins with its first edit. A last line without its end (the process died
   * while writing; nobody was told that it was kept) is cut off.
   * @throws UserError for a journal that belongs to another image or that was damaged elsewhere than at its end.
   */
  static async open(file: string, header: JournalHeader): Promise<Journal> {
    const bytes = await readIfPresent(file);
    const whole = bytes.subarray(0, bytes.lastIndexOf('\n') + 1);
    if (whole.length !== bytes.length) await fs.truncate(file, whole.length);
    if (whole.length === 0) return new Journal(file, header, [], false);

    const [first, ...rest] = whole.toString('utf8').trimEnd().split('\n');
    const kept = z.union([headerSchema, headerV1Schema]).safeParse(parseLine(first));
    if (!kept.success) throw damaged(file, 1);
    checkSameImage(file, kept.data, header);
    const parsed = <T>(schema: z.ZodType<T>): T[] =>
      rest.map((line, index) => {
        const event = schema.safeParse(parseLine(line));
        if (!event.success) throw damaged(file, index + 2);
        return event.data;
      });
    const { version } = kept.data;
    const events = version === 1 ? eventsOfVersion1(parsed(lineV1Schema)) : parsed(eventSchema);
    return new Journal(file, header, events, version === 2);
  }

  /** Resolves when the event lies on the disk. */
  append(event: TimelineEvent): Promise<void> {
    return this.write(event, true);
  }

  /** Keeps what can be computed again: written in its turn, not waited for by the disk. */
  note(record: AnswerRecord): Promise<void> {
    return this.write(record, false);
  }

  /** Puts these events in the place of all that is there, at once or not at all. */
  replace(events: readonly SessionEvent[]): Promise<void> {
    return this.serialised(async () => {
      await fs.mkdir(path.dirname(this.file), { recursive: true });
      await writeFileAtomically(this.file, [Buffer.from(text([this.header, ...events]))]);
      this.started = true;
      this.count = events.length;
    });
  }

  private write(event: SessionEvent, flush: boolean): Promise<void> {
    return this.serialised(async () => {
      await fs.mkdir(path.dirname(this.file), { recursive: true });
      const before: SessionEvent[] = this.started ? [] : [...this.events];
      const lines = this.started ? [event] : [this.header, ...before, event];
      // A journal of the first version is written anew, whole, before anything is added.
      if (!this.started && before.length > 0) await writeFileAtomically(this.file, [Buffer.from(text(lines))]);
      else await append(this.file, text(lines), flush);
      this.started = true;
      this.count++;
    });
  }

  private serialised<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => undefined);
    return result;
  }
}

const text = (lines: readonly unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

async function append(file: string, lines: string, flush: boolean): Promise<void> {
  const handle = await fs.open(file, 'a');
  const { size } = await handle.stat();
  try {
    await handle.appendFile(lines);
    if (flush) await handle.datasync();
  } catch (error) {
    // Half a line would spoil the next one.
    await handle.truncate(size).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
}

async function readIfPresent(file: string): Promise<Buffer> {
  try {
    return await fs.readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw new UserError(`the annotations in ${file} cannot be read: ${(error as Error).message}`, {
      file,
      cause: error,
    });
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const damaged = (file: string, line: number) =>
  new UserError(`line ${line} of the annotations ${file} is damaged: mend or remove that line, or move the file away`, {
    file,
  });

function checkSameImage(file: string, kept: JournalHeader | JournalHeaderV1, now: JournalHeader): void {
  const size = (header: JournalHeader | JournalHeaderV1) => `${header.width} × ${header.height} × ${header.slices}`;
  if (size(kept) === size(now)) return;
  throw new UserError(
    `${now.image} is ${size(now)} pixels now, but its annotations in ${file} were made at ${size(kept)}: restore the image, or move the annotations away`,
    { file },
  );
}
