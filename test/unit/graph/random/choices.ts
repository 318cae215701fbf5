/** One more than the largest number that choices are made of. */
export const choiceRange = 2 ** 16;

/** Turns drawn numbers into choices; when they run out, or are 0, each choice is the first or the least one. */
export class Choices {
  private next = 0;

  constructor(private readonly numbers: readonly number[]) {}

  /** 0 … 1, without 1. */
  private share(): number {
    return (this.numbers.at(this.next++) ?? 0) / choiceRange;
  }

  /** 0 … count − 1 */
  integer(count: number): number {
    return Math.floor(this.share() * count);
  }

  chance(probability: number): boolean {
    return this.share() >= 1 - probability;
  }

  /** One of a list, rather a late one: graphs are to be deep. */
  late<T>(list: readonly T[]): T | null {
    return list.at(-1 - Math.floor(this.share() ** 2 * list.length)) ?? null;
  }

  shuffle<T>(list: readonly T[]): T[] {
    const left = [...list];
    return list.map(() => left.splice(this.integer(left.length), 1)[0]);
  }
}
