/** What remembers steps of undo, and can read them again. */
interface Forgetful {
  /** Lets go of all steps but the newest, up to this weight. */
  forget(weight: number): Promise<void>;
}

/**
 * Steps of undo that are in memory, of all sessions of this process together. A step takes some 4 KiB with its answers
 * (docs/reliability.md, "Load"); the journal has every one, so that undo has no limit.
 */
export class KeptHistory {
  /** Weights, those that were worked on longest ago first. */
  private readonly sessions = new Map<Forgetful, number>();

  /** @param limit of all weights; a session that exceeds it alone keeps half */
  constructor(private readonly limit = 256) {}

  /** Takes note of what a session holds by now, and lets the oldest go of theirs. Never waits for that. */
  keep(session: Forgetful, weight: number): void {
    this.sessions.delete(session);
    if (weight > 0) this.sessions.set(session, weight);
    let all = [...this.sessions.values()].reduce((sum, one) => sum + one, 0);
    for (const [oldest, its] of this.sessions) {
      if (all <= this.limit) return;
      all -= its;
      this.sessions.delete(oldest);
      void oldest.forget(oldest === session ? this.limit / 2 : 0);
    }
  }
}
