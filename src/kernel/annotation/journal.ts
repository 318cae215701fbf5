// One session's edits on disk: a line of JSON each, appended and flushed before the edit is answered.
import fs from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { promptV1Schema as promptSchema } from '../../protocol/viewerSchemas';
import { UserError } from '../errors';
import type { TimelineEvent } from './timeline';

const slice = z.number().int().nonnegative();

const headerSchema = z.object({
  version: z.literal(1),
  image: z.string().min(1),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  slices: z.number().int().positive(),
});

const eventSchema = z.discriminatedUnion('edit', [
  z.object({ edit: z.literal('prompt'), slice, prompt: promptSchema }),
  z.object({ edit: z.literal('clear'), slice }),
  z.object({ edit: z.literal('undo') }),
  z.object({ edit: z.literal('redo') }),
]);

/** First line of a journal: which image the prompts belong to. */
export type JournalHeader = z.infer<typeof headerSchema>;

export class Journal {
  private started: boolean;

  private constructor(
    readonly file: string,
    private readonly header: JournalHeader,
    /** What the file held when it was opened, oldest first. */
    readonly events: readonly TimelineEvent[],
  ) {
    this.started = events.length > 0;
  }

  /**
   * Opens a journal, or prepares one that begins with its first edit. A last line without its end (the process died
   * while writing; nobody was told that it was kept) is cut off.
   * @throws UserError for a journal that belongs to another image or that was damaged elsewhere than at its end.
   */
  static async open(file: string, header: JournalHeader): Promise<Journal> {
    const text = await readIfPresent(file);
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole !== text) await fs.truncate(file, Buffer.byteLength(whole));
    if (whole === '') return new Journal(file, header, []);

    const [first, ...rest] = whole.trimEnd().split('\n');
    const kept = headerSchema.safeParse(parseLine(first));
    if (!kept.success) throw damaged(file, 1);
    checkSameImage(file, kept.data, header);
    const events = rest.map((line, index): TimelineEvent => {
      const event = eventSchema.safeParse(parseLine(line));
      if (!event.success) throw damaged(file, index + 2);
      return event.data;
    });
    const journal = new Journal(file, header, events);
    journal.started = true;
    return journal;
  }

  /** Resolves when the event lies on the disk. */
  async append(event: TimelineEvent): Promise<void> {
    await fs.mkdir(path.dirname(this.file), { recursive: true });
    const lines = this.started ? [event] : [this.header, event];
    const handle = await fs.open(this.file, 'a');
    try {
      await handle.appendFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      await handle.datasync();
    } finally {
      await handle.close();
    }
    this.started = true;
  }
}

async function readIfPresent(file: string): Promise<string> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
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

function checkSameImage(file: string, kept: JournalHeader, now: JournalHeader): void {
  const size = (header: JournalHeader) => `${header.width} × ${header.height} × ${header.slices}`;
  if (size(kept) === size(now)) return;
  throw new UserError(
    `${now.image} is ${size(now)} pixels now, but its annotations in ${file} were made at ${size(kept)}: restore the image, or move the annotations away`,
    { file },
  );
}
