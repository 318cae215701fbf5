import type { LowResMask } from './segmenter';

/** An answer whose logits a further prompt refines. */
export interface Refinable {
  /** null: forgotten. */
  lowRes: LowResMask | null;
}

/**
 * The logits of answers, of all sessions of this process together: those that were given longest ago are forgotten, and
 * computed again where a prompt refines them. A full-size model's take 1 MiB for each lone click.
 */
export class KeptLogits {
  /** Bytes of each answer, the oldest first. */
  private readonly answers = new Map<readonly Refinable[], number>();
  private bytes = 0;

  constructor(private readonly limit = 2 ** 26) {}

  /** The newest answer stays, however large it is. */
  keep(answer: readonly Refinable[]): void {
    const bytes = answer.reduce((sum, { lowRes }) => sum + (lowRes?.data.byteLength ?? 0), 0);
    this.answers.set(answer, bytes);
    this.bytes += bytes;
    for (const oldest of this.answers.keys()) {
      if (this.bytes <= this.limit || oldest === answer) return;
      this.forget(oldest);
    }
  }

  forget(answer: readonly Refinable[]): void {
    this.bytes -= this.answers.get(answer) ?? 0;
    this.answers.delete(answer);
    for (const candidate of answer) candidate.lowRes = null;
  }
}
