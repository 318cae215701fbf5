// One session's edits on disk: a header, then a line of JSON for each.
import fs from 'node:fs/promises';
import { z } from 'zod';
import { UserError } from '../errors';
import { requireKnownVersion } from '../formatVersion';
import { eventSchema, type SessionEvent } from './edits';
import { eventsOfVersion1, type JournalHeaderV1, headerV1Schema, lineV1Schema } from './journalV1';

/** Raised when the meaning of what is written changes. */
export const journalFormat = 2;

const headerSchema = z.object({
  version: z.literal(journalFormat),
  image: z.string().min(1),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  slices: z.number().int().positive(),
});

/** First line of a journal: which image the edits belong to. */
export type JournalHeader = z.infer<typeof headerSchema>;

/** What a journal held when it was read. */
export interface JournalContent {
  /** Oldest first. */
  readonly events: readonly SessionEvent[];
  /** Whether the file holds its header, of this version. */
  readonly started: boolean;
  /** Bytes of its whole lines. */
  readonly length: number;
  /** Whether a last line without its end follows them. */
  readonly torn: boolean;
  /** Another one when the file was written since. */
  readonly stamp: string;
}

/**
 * Reads a journal; the file stays as it is. A last line without its end counts for nothing: the process died while
 * writing it, and nobody was told that it was kept, or is just writing it.
 * @throws UserError for a journal that belongs to another image or that was damaged elsewhere than at its end.
 */
export async function readJournal(file: string, header: JournalHeader): Promise<JournalContent> {
  const stamp = await journalStamp(file);
  const bytes = await readIfPresent(file);
  const whole = bytes.subarray(0, bytes.lastIndexOf('\n') + 1);
  const read = { length: whole.length, torn: whole.length !== bytes.length, stamp };
  if (whole.length === 0) return { ...read, events: [], started: false };

  const [first, ...rest] = whole.toString('utf8').trimEnd().split('\n');
  const versioned = z.object({ version: z.number() }).safeParse(parseLine(first));
  requireKnownVersion(file, versioned.data?.version, journalFormat, 'open the image with its annotations');
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
  return { ...read, events, started: version === journalFormat };
}

/** Tells one state of the file from another. */
export async function journalStamp(file: string): Promise<string> {
  const stat = await fs.stat(file).catch(() => null);
  return stat === null ? '' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
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
