/** Class → 0/1 per voxel of an image (x fastest, then y, slice); classes may overlap. */
export interface Masks {
  readonly classes: ReadonlyMap<string, Uint8Array>;
}

export interface MaskOptions {
  /** Which classes are made; all by default. Each takes a byte per voxel. */
  readonly only?: (name: string) => boolean;
}

/** Names of classes, which files may leave out or give twice. */
export class ClassNames {
  readonly #taken = new Set<string>();

  /** The name, or one made of it and of the number that the file counts the class by, where it is taken. */
  distinct(name: string | undefined, number: number): string {
    const plain = name ?? `segment ${number}`;
    const answer = this.#taken.has(plain) ? `${plain} (${number})` : plain;
    this.#taken.add(answer);
    return answer;
  }
}
