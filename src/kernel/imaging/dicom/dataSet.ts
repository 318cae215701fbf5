import { textDecoderOf } from './characterSet';
import { tags } from './tags';

/** One attribute: its bytes as stored, or the items of a sequence, or the fragments of compressed pixels. */
export interface Element {
  readonly bytes: Uint8Array;
  readonly items?: readonly DataSet[];
  /** Fragments of encapsulated pixel data; the first is the offset table. */
  readonly fragments?: readonly Uint8Array[];
}

/**
 * The attributes of a DICOM object or of an item of a sequence. Readers are named by the type that PS3.6 gives an
 * attribute, as implicit VR does not store it; each answers undefined (or nothing) where the attribute is missing,
 * empty or no number.
 */
export class DataSet {
  readonly #elements: ReadonlyMap<number, Element>;
  readonly #little: boolean;
  readonly #parent: DataSet | null;

  constructor(elements: ReadonlyMap<number, Element>, little: boolean, parent: DataSet | null = null) {
    this.#elements = elements;
    this.#little = little;
    this.#parent = parent;
  }

  has(tag: number): boolean {
    return (this.#elements.get(tag)?.bytes.length ?? 0) > 0 || this.items(tag).length > 0;
  }

  element(tag: number): Element | undefined {
    return this.#elements.get(tag);
  }

  items(tag: number): readonly DataSet[] {
    return this.#elements.get(tag)?.items ?? [];
  }

  /** The first item of a sequence. */
  item(tag: number): DataSet | undefined {
    return this.items(tag)[0];
  }

  bytes(tag: number): Uint8Array | undefined {
    const bytes = this.#elements.get(tag)?.bytes;
    return bytes && bytes.length > 0 ? bytes : undefined;
  }

  /** Values of a text attribute without their padding; decoded in the object's character set. */
  texts(tag: number): string[] {
    const bytes = this.bytes(tag);
    if (!bytes) return [];
    return this.#decode(bytes)
      .split('\\')
      .map((text) => text.replace(/^[ \0]+|[ \0]+$/g, ''));
  }

  text(tag: number): string | undefined {
    return this.texts(tag)[0] || undefined;
  }

  /** DS and IS: numbers written as text. */
  decimals(tag: number): number[] {
    const values = this.texts(tag).map((text) => (text === '' ? NaN : Number(text)));
    return values.every((value) => Number.isFinite(value)) ? values : [];
  }

  decimal(tag: number): number | undefined {
    const value = Number(this.texts(tag)[0] || NaN);
    return Number.isFinite(value) ? value : undefined;
  }

  /** US. */
  ushorts(tag: number): number[] {
    return this.#numbers(tag, 2, (view, at) => view.getUint16(at, this.#little));
  }

  ushort(tag: number): number | undefined {
    return this.ushorts(tag)[0];
  }

  /** FD. */
  doubles(tag: number): number[] {
    return this.#numbers(tag, 8, (view, at) => view.getFloat64(at, this.#little));
  }

  #numbers(tag: number, size: number, read: (view: DataView, at: number) => number): number[] {
    const bytes = this.bytes(tag);
    if (!bytes) return [];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) => read(view, index * size));
  }

  /** 16-bit words in this machine's (little-endian) order, of a look-up table or of pixels. */
  words(tag: number): Uint16Array | undefined {
    const bytes = this.bytes(tag);
    if (!bytes) return undefined;
    return Uint16Array.from(this.ushorts(tag));
  }

  get little(): boolean {
    return this.#little;
  }

  #decode(bytes: Uint8Array): string {
    return textDecoderOf(this.#characterSet()).decode(bytes);
  }

  #characterSet(): string {
    const own = this.#elements.get(tags.SpecificCharacterSet)?.bytes;
    if (own && own.length > 0) return Buffer.from(own).toString('latin1');
    return this.#parent === null ? '' : this.#parent.#characterSet();
  }
}
