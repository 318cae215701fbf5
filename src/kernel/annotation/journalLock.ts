import path from 'node:path';
import { UserError } from '../errors';
import { writeProblem } from '../files';
import { type Lock, lockHolder, takeLock } from '../fileLock';

/** The right to write a journal, which one kernel at a time has: two that append what each holds for true spoil it. */
export class JournalLock {
  private readonly file: string;
  private lock: Lock | null = null;

  /** `image`: as its notebook names it. */
  constructor(
    private readonly journal: string,
    private readonly image: string,
  ) {
    this.file = `${journal.replace(/\.jsonl$/, '')}.lock`;
  }

  get held(): boolean {
    return this.lock !== null;
  }

  /**
   * The folder must exist. @returns whether it was not held before.
   * @throws UserError while another kernel has it, and where nothing can be written
   */
  take(): boolean {
    if (this.lock !== null && !this.lock.takenOver()) return false;
    this.lock = null;
    try {
      this.lock = takeLock(this.file, `annotating ${this.image}`);
      return true;
    } catch (error) {
      const other = this.otherWriter();
      if (other !== null) throw new UserError(other, { file: this.journal });
      throw cannotBeKept(this.journal, error);
    }
  }

  release(): void {
    this.lock?.release();
    this.lock = null;
  }

  /** Who else has it, and what to do about that; null: nobody. */
  otherWriter(): string | null {
    const holder = this.held ? null : lockHolder(this.file);
    if (holder === null || !holder.atWork) return null;
    const who = holder.pid > 0 ? ` (process ${holder.pid}${holder.local ? '' : ` on ${holder.host}`})` : '';
    return (
      `another kernel${who} annotates ${this.image}: what it keeps is shown here and cannot be changed. ` +
      `Close the notebook there, or open the image under a name of its own: ` +
      `open("${this.image}", { annotation: "mine" })`
    );
  }
}

/** What to tell where a journal cannot be written. */
export function cannotBeKept(journal: string, error: unknown): UserError {
  const folder = path.dirname(journal);
  const why = error instanceof UserError ? error : writeProblem(journal, error);
  return new UserError(`annotations cannot be kept in ${folder}: ${why.message}`, {
    file: journal,
    cause: error,
  });
}
