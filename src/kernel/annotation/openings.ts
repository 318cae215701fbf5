/** What is being opened for notebooks, any of which may be closed meanwhile. */
export class Openings {
  private readonly underWay = new Set<{ readonly notebook: string; closed: boolean }>();

  /** @returns null where the notebook was closed meanwhile: nobody waits for it any more. */
  async open<T>(notebook: string, work: () => Promise<T>): Promise<T | null> {
    const opening = { notebook, closed: false };
    this.underWay.add(opening);
    try {
      const opened = await work();
      return opening.closed ? null : opened;
    } finally {
      this.underWay.delete(opening);
    }
  }

  close(notebook: string): void {
    for (const opening of this.underWay) if (opening.notebook === notebook) opening.closed = true;
  }
}
