/** Four unsigned 32-bit words: everything a generator remembers, as plain JSON. */
export type RandomState = readonly [number, number, number, number];

/** Rounds after seeding, so that neighbouring seeds give unrelated streams. */
const warmUp = 12;

/** One step of the splitmix32 sequence: a well-mixed 32-bit word for each `state`. */
function mix(state: number): number {
  let z = (state + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/**
 * Seeded pseudo-random numbers (sfc32, Chris Doty-Humphrey's PractRand), the only source of chance in the project.
 * The same seed gives the same numbers on every machine, and a saved state continues bit for bit.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  /** @param seed any finite number; all 53 bits of an integer count. */
  constructor(seed: number) {
    const whole = Math.floor(Math.abs(seed));
    const low = whole >>> 0;
    const high = (Math.floor(whole / 0x100000000) ^ (seed < 0 ? 0x80000000 : 0)) >>> 0;
    this.a = mix(low);
    this.b = mix(this.a ^ high);
    this.c = mix(this.b);
    this.counter = 1;
    for (let i = 0; i < warmUp; i++) this.bits();
  }

  static fromState(state: RandomState): Random {
    const random = new Random(0);
    random.restore(state);
    return random;
  }

  /** Goes on from a saved state. */
  protected restore(state: RandomState): void {
    [this.a, this.b, this.c, this.counter] = state;
  }

  /** Everything needed to go on from here with `Random.fromState`. */
  state(): RandomState {
    return [this.a >>> 0, this.b >>> 0, this.c >>> 0, this.counter >>> 0];
  }

  /** 32 random bits, as a signed integer: the quickest draw, for noise on every pixel. */
  bits(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum;
  }

  /** Uniform in [0, 1). */
  next(): number {
    return (this.bits() >>> 0) / 0x100000000;
  }

  /** A whole number in 0..n−1, each as likely. */
  integer(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** Uniform in [from, to). */
  uniform(from: number, to: number): number {
    return from + (to - from) * this.next();
  }

  /** Between two positive bounds, each octave as likely: sizes and contrasts. */
  logUniform(from: number, to: number): number {
    return from * Math.exp(this.uniform(0, 1) * Math.log(to / from));
  }

  /** Standard normal (Box–Muller; the second value is thrown away, so that no hidden state exists). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(items.length)];
  }

  /** A shuffled copy (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }

  /**
   * An independent stream that depends on this one's present state and the label; this stream does not move.
   * The same label at the same state gives the same stream, so that a part can be redrawn alone.
   */
  fork(label: string | number): Random {
    const word = typeof label === 'number' ? mix(label | 0) ^ mix(Math.floor(label / 0x100000000) | 0) : hash(label);
    const child = new Random(0);
    child.a = mix(this.a ^ word);
    child.b = mix(this.b ^ child.a);
    child.c = mix(this.c ^ child.b ^ this.counter);
    child.counter = 1;
    for (let i = 0; i < warmUp; i++) child.bits();
    return child;
  }
}
