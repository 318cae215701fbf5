import fs from 'node:fs/promises';
import path from 'node:path';
import type { RunEvent } from '../../protocol';
import { eventOf, eventsFile } from '../training/runEvents';

export interface LogPart {
  readonly events: RunEvent[];
  /** The log is another one than before, from its beginning: a resumed run cut off what came after its checkpoint. */
  readonly anew: boolean;
  /** Whether the log goes on after this part. */
  readonly more: boolean;
}

/** How soon a log is read again, ms: ten times a second, however fast the run writes; one that is over may be resumed. */
export const rereadMs = (over: boolean): number => (over ? 2000 : 100);

/** Of a log, read at a time: some ten thousand events. */
const partBytes = 2 ** 21;
/** So much of the end of what was read must still be there: a log that was cut may have grown past that place since. */
const knownBytes = 128;
const newline = 0x0a;

/** Reads the events of a run as they come, each once. Holds no more of the log than a part of it. */
export class RunLog {
  private position = 0;
  private known = Buffer.alloc(0);

  /** `run`: absolute path of the run's folder. */
  constructor(private readonly run: string) {}

  /** What was written since the last call, or its first two MiB. A line that is being written comes when it is whole. */
  async next(): Promise<LogPart> {
    let handle: fs.FileHandle | undefined;
    try {
      const file = path.join(this.run, eventsFile);
      // Opening a pipe waits until somebody writes into it.
      if (!(await fs.stat(file)).isFile()) return { events: [], anew: false, more: false };
      handle = await fs.open(file, 'r');
      const anew = this.position > 0 && !(await this.goesOn(handle));
      if (anew) this.position = 0;
      const { size } = await handle.stat();
      const bytes = Buffer.alloc(Math.max(0, Math.min(size - this.position, partBytes)));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, this.position);
      const whole = bytes.subarray(0, bytes.subarray(0, bytesRead).lastIndexOf(newline) + 1);
      // A line longer than a part is no event: whoever waited for its end would never see what follows.
      const lines = whole.length === 0 && bytesRead === partBytes ? bytes : whole;
      this.position += lines.length;
      if (lines.length > 0) this.known = Buffer.from(lines.subarray(-knownBytes));
      const events = lines.toString('utf8').split('\n').map(eventOf);
      const more = lines.length > 0 && this.position < size && bytesRead === partBytes;
      return { events: events.filter((event) => event !== null), anew, more };
    } catch (error) {
      // The run has not written its first event yet.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { events: [], anew: false, more: false };
      throw error;
    } finally {
      await handle?.close();
    }
  }

  /** Whether the end of what was read stands where it stood. */
  private async goesOn(handle: fs.FileHandle): Promise<boolean> {
    const bytes = Buffer.alloc(this.known.length);
    await handle.read(bytes, 0, bytes.length, this.position - bytes.length);
    return bytes.equals(this.known);
  }
}
