import { nearest } from './nearest';

/** What an option's text means. `parse` throws OptionError; what it says follows the option's name. */
interface Described<T> {
  /** How the value is shown in help; empty for a flag. */
  readonly placeholder: string;
  readonly description: string;
  readonly parse: (text: string) => T;
}

export interface SingleOption<T> extends Described<T> {
  readonly kind: 'single';
  readonly required: boolean;
}

export interface RepeatedOption<T> extends Described<T> {
  readonly kind: 'repeated';
}

export interface FlagOption {
  readonly kind: 'flag';
  readonly placeholder: '';
  readonly description: string;
}

export type Option = SingleOption<unknown> | RepeatedOption<unknown> | FlagOption;
export type OptionTable = Readonly<Record<string, Option>>;

/** What a command gets of its table: a required option's value is there, another's may be undefined. */
export type Values<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends { readonly kind: 'flag' }
    ? boolean
    : Table[Name] extends { readonly kind: 'repeated'; readonly parse: (text: string) => infer T }
      ? T[]
      : Table[Name] extends { readonly required: true; readonly parse: (text: string) => infer T }
        ? T
        : Table[Name] extends { readonly parse: (text: string) => infer T }
          ? T | undefined
          : never;
};

/** A value that does not fit its option: "is 3.5: give a whole number". */
export class OptionError extends Error {
  override name = 'OptionError';
}

type Single<T> = SingleOption<T> & { readonly required: false };

const single = <T>(placeholder: string, description: string, parse: (text: string) => T): Single<T> => ({
  kind: 'single',
  required: false,
  placeholder,
  description,
  parse,
});

export const required = <T>(option: SingleOption<T>): SingleOption<T> & { readonly required: true } => ({
  ...option,
  required: true,
});

export const repeated = <T>({ placeholder, description, parse }: SingleOption<T>): RepeatedOption<T> => ({
  kind: 'repeated',
  placeholder,
  description,
  parse,
});

export const flag = (description: string): FlagOption => ({ kind: 'flag', placeholder: '', description });

export const text = (placeholder: string, description: string): Single<string> =>
  single(placeholder, description, (given) => {
    if (given === '') throw new OptionError(`is empty: give ${placeholder}`);
    return given;
  });

const anyNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function numberOf(given: string): number {
  if (!anyNumber.test(given)) throw new OptionError(`is "${given}": give a number`);
  return Number(given);
}

/** A whole number of at least `least`. */
export const whole = (least: number, description: string): Single<number> =>
  single('N', description, (given) => {
    const value = numberOf(given);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new OptionError(`is ${given}: give a whole number from ${least}`);
  });

/** Whole numbers of at least `least`, separated by commas, each once. */
export const wholes = (least: number, description: string): Single<number[]> => {
  const one = whole(least, description);
  return single('N,…', description, (given) => [...new Set(given.split(',').map((part) => one.parse(part.trim())))]);
};

/** A number above `low`, and below `high` where one is given. */
export const decimal = (low: number, description: string, high = Infinity): Single<number> =>
  single('F', description, (given) => {
    const value = numberOf(given);
    if (value > low && value < high) return value;
    throw new OptionError(`is ${given}: give a number above ${low}${high === Infinity ? '' : ` and below ${high}`}`);
  });

/** A number of at least `least`, and below `high` where one is given. */
export const decimalFrom = (least: number, description: string, high = Infinity): Single<number> =>
  single('F', description, (given) => {
    const value = numberOf(given);
    if (value >= least && value < high) return value;
    throw new OptionError(`is ${given}: give a number from ${least}${high === Infinity ? '' : ` and below ${high}`}`);
  });

function oneOf<Name extends string>(names: readonly Name[], given: string): Name {
  const found = names.find((name) => name === given);
  if (found !== undefined) return found;
  const close = nearest(given, names);
  const hint = close === null ? `choose one of ${names.join(', ')}` : `did you mean ${close}? (${names.join(', ')})`;
  throw new OptionError(`is "${given}": ${hint}`);
}

export const choice = <const Name extends string>(names: readonly Name[], description: string): Single<Name> =>
  single(names.join('|'), description, (given) => oneOf(names, given));

/** Names of a list, separated by commas, each once. */
export const choices = <const Name extends string>(names: readonly Name[], description: string): Single<Name[]> =>
  single('NAME,…', description, (given) => [...new Set(given.split(',').map((name) => oneOf(names, name.trim())))]);

function numbersOf(given: string, shape: string, ...counts: number[]): number[] {
  const parts = given.split(',').map((part) => part.trim());
  if (counts.includes(parts.length) && parts.every((part) => anyNumber.test(part))) return parts.map(Number);
  throw new OptionError(`is "${given}": give ${shape} in pixels, without spaces`);
}

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly label: 0 | 1;
}

/** X,Y or X,Y,LABEL; label 1 (the default) lies in the target, 0 outside of it. */
export const point = (description: string): Single<Point> =>
  single('X,Y[,0|1]', description, (given) => {
    const [x, y, label = 1] = numbersOf(given, 'X,Y or X,Y,0 or X,Y,1', 2, 3);
    if (label === 0 || label === 1) return { x, y, label };
    throw new OptionError(`is "${given}": its label is 1 (in the target) or 0 (outside of it)`);
  });

export interface SlicePoint extends Point {
  /** null: on the slice that the command is about. */
  readonly slice: number | null;
}

/** A point that may name its slice: X,Y or X,Y,LABEL, then @SLICE. */
export const slicePoint = (description: string): Single<SlicePoint> => {
  const plain = point(description);
  return single('X,Y[,0|1][@SLICE]', description, (given) => {
    const [place, slice, ...more] = given.split('@');
    if (slice === undefined) return { ...plain.parse(place), slice: null };
    if (more.length === 0 && /^\d+$/.test(slice)) return { ...plain.parse(place), slice: Number(slice) };
    throw new OptionError(`is "${given}": its slice is a whole number from 0, as in 40,52@7`);
  });
};

/** LOW,HIGH with LOW < HIGH. */
export const range = (description: string): Single<{ readonly low: number; readonly high: number }> =>
  single('LOW,HIGH', description, (given) => {
    const parts = given.split(',').map((part) => part.trim());
    if (parts.length === 2 && parts.every((part) => anyNumber.test(part))) {
      const [low, high] = parts.map(Number);
      if (low < high) return { low, high };
    }
    throw new OptionError(`is "${given}": give two numbers, the lower one first, without spaces`);
  });

export const box = (description: string): Single<readonly [number, number, number, number]> =>
  single('X0,Y0,X1,Y1', description, (given) => {
    const [x0, y0, x1, y1] = numbersOf(given, 'X0,Y0,X1,Y1', 4);
    return [x0, y0, x1, y1];
  });
