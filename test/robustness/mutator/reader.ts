// What a reader under test is: valid files of its own, damage done to one of them, and what reading must end in.
import fs from 'node:fs';
import path from 'node:path';
import { Random } from '../../../src/kernel/datasets';
import { damagedBytes } from './bytes';
import { damagedText } from './text';
import { damagedValue } from './values';

/** A result that is wrong: what the readers are searched for, beside crashes. */
export class WrongResult extends Error {
  override name = 'WrongResult';
}

export function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new WrongResult(what);
}

/** One damaged input, ready to be read. */
export interface Case {
  /** What was done to what. */
  readonly what: string;
  /** Writes the input for whoever looks into a failure. */
  keep(folder: string): void;
  /** @throws what the reader throws, or WrongResult */
  run(): Promise<void>;
}

/** Makes case `number`; `folder` is empty, and nothing may be written outside of it. */
export type CaseMaker = (random: Random, folder: string) => Case | Promise<Case>;

export interface Reader {
  readonly name: string;
  /** How many of a hundred cases are its own, about. */
  readonly share: number;
  /** `folder`: for what all cases need. */
  open(folder: string): Promise<CaseMaker>;
}

/** Relative path → content. */
export type Files = Readonly<Record<string, Buffer>>;

export interface Seed {
  readonly files: Files;
  /** Which files are damaged; all by default. */
  readonly damage?: readonly string[];
  /** What is read, in the folder; the first file by default, '' for the folder itself. */
  readonly place?: string;
}

const isText = (name: string): boolean => /\.(json|jsonl|csv|xml|ipynb|txt|mhd|toml|lock)$/.test(name);

/** What makes files that no damage at random would. */
export type Special = (random: Random) => Seed & { readonly what: string };

/** A reader of files. `specials`: files made by hand, one case in eight. */
export function fileReader(
  name: string,
  share: number,
  seedsIn: (folder: string) => Promise<readonly Seed[]>,
  read: (place: string, folder: string) => Promise<void>,
  specials: readonly Special[] = [],
): Reader {
  return {
    name,
    share,
    async open(common) {
      const seeds = await seedsIn(common);
      return (random, folder): Case => {
        const special = specials.length > 0 && random.chance(0.125) ? random.pick(specials)(random) : null;
        const seed = special ?? random.pick(seeds);
        const { files, what } = special ? { files: seed.files, what: special.what } : damaged(seed, seeds, random);
        const write = (where: string): void => {
          for (const [file, bytes] of Object.entries(files)) {
            fs.mkdirSync(path.dirname(path.join(where, file)), { recursive: true });
            fs.writeFileSync(path.join(where, file), bytes);
          }
        };
        write(folder);
        const place = path.join(folder, seed.place ?? Object.keys(seed.files)[0]);
        return { what, keep: write, run: () => read(place, folder) };
      };
    },
  };
}

function damaged(seed: Seed, all: readonly Seed[], random: Random): { files: Files; what: string } {
  const name = random.pick(seed.damage ?? Object.keys(seed.files));
  const other = random.pick(Object.values(random.pick(all).files));
  const { bytes, what } = (isText(name) ? damagedText : damagedBytes)(seed.files[name], random, other);
  return { files: { ...seed.files, [name]: bytes }, what: `${name}: ${what}` };
}

/** A reader of messages. `wire`: they come as the structured clone, which can say more than JSON. */
export function messageReader(
  name: string,
  share: number,
  { wire }: { wire: boolean },
  openTarget: (folder: string) => Promise<{ messages: readonly unknown[]; take: (message: unknown) => Promise<void> }>,
): Reader {
  return {
    name,
    share,
    async open(common) {
      const { messages, take } = await openTarget(common);
      return (random): Case => {
        const { value, what } = damagedValue(random.pick(messages), random, { wire });
        return {
          what,
          keep: (folder) => fs.writeFileSync(path.join(folder, 'message.json'), told(value)),
          run: () => take(value),
        };
      };
    },
  };
}

function told(value: unknown): string {
  try {
    return JSON.stringify(value, null, 1) ?? String(value);
  } catch (error) {
    return `no JSON: ${String(error)}`;
  }
}

/** The chance of one case: by its reader and its number alone, so that each can be made again. */
export const randomOf = (seed: number, reader: string, number: number): Random =>
  new Random(seed).fork(reader).fork(number);
