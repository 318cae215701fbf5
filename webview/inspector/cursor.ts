/** A position in every map of a group, as parts of their width and height; null where nobody points. */
export type Place = { readonly x: number; readonly y: number } | null;

/** Links the cursors of maps that show the same places. */
export class Cursor {
  private readonly listeners = new Set<(place: Place) => void>();
  private current: Place = null;

  get place(): Place {
    return this.current;
  }

  moveTo(place: Place): void {
    this.current = place;
    for (const listener of this.listeners) listener(place);
  }

  /** Returns what ends it. */
  follow(listener: (place: Place) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
