import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { PromptSetting } from '../datasets';
import { UserError } from '../errors';
import type { Score } from '../evaluation';
import { readFileBytes, writeFileAtomically } from '../files';
import { requireKnownVersion } from '../formatVersion';
import { rowNames, type RowName } from './compareRows';

/** Raised when the meaning of what a comparison writes changes. */
export const compareFormat = 1;

const configFile = 'compare.json';

/** Which of a run's checkpoints is measured. */
export const checkpointNames = ['last', 'best'] as const;

/**
 * `compare.json`: what all rows of a comparison have in common. Rows and seeds are not among it: further ones may be
 * added to what stands there.
 */
export interface CompareConfig {
  /** Training options by name. */
  readonly training: Readonly<Record<string, unknown>>;
  readonly modelHash: string;
  readonly budget: { readonly epochs: number } | { readonly minutes: number };
  readonly evaluation: {
    readonly settings: readonly PromptSetting[];
    readonly seed: number;
    readonly checkpoint: (typeof checkpointNames)[number];
  };
  /** Groups on either side. */
  readonly split: { readonly train: readonly string[]; readonly validation: readonly string[] };
}

const scoreSchema: z.ZodType<Score> = z.object({
  case: z.string(),
  group: z.string(),
  className: z.string(),
  setting: z.string(),
  dice: z.number(),
  iou: z.number(),
  hd95: z.number().nullable(),
  unit: z.enum(['mm', 'px']),
});

const resultSchema = z.object({
  row: z.enum(rowNames),
  /** null for the model as it is: nothing in it depends on a seed. */
  seed: z.number().int().nonnegative().nullable(),
  device: z.string(),
  /** Parameters that were trained, of all. */
  parameters: z.object({ trained: z.number(), all: z.number() }),
  /** null: nothing was trained. */
  training: z.object({ epochs: z.number(), seconds: z.number() }).nullable(),
  scores: z.array(scoreSchema),
});

const planSchema = z.object({ epochs: z.number().int().positive() });

/** One row under one seed, trained and measured. */
export type RowResult = z.infer<typeof resultSchema>;

/** A comparison is a folder: `compare.json`, a run directory for each row and seed with its result in it, and tables. */
export class CompareFolder {
  private constructor(readonly folder: string) {}

  /**
   * Begins a comparison, or goes on with the one that stands there.
   * @throws UserError when the folder holds something else, or a comparison that differs: it names what.
   */
  static async open(folder: string, config: CompareConfig): Promise<CompareFolder> {
    const own = new CompareFolder(path.resolve(folder));
    const file = own.file(configFile);
    const written = JSON.parse(JSON.stringify({ version: compareFormat, ...config })) as Record<string, unknown>;
    if (fs.existsSync(file)) {
      const found = await readJson(file);
      requireKnownVersion(own.folder, versionOf(found), compareFormat, 'go on with');
      const differences = differencesOf(found, written);
      if (differences.length === 0) return own;
      throw new UserError(
        `${own.folder} holds a comparison that differs: ${differences.join('; ')}. ` +
          'Ask for the same, or name another folder for --out',
        { file },
      );
    }
    try {
      fs.mkdirSync(own.folder, { recursive: true });
    } catch (cause) {
      throw new UserError(`${own.folder} cannot be made: name a folder that may be written for --out`, {
        file: own.folder,
        cause,
      });
    }
    const entries = fs.readdirSync(own.folder).filter((name) => !name.startsWith('.'));
    if (entries.length > 0) {
      throw new UserError(`${own.folder} is not empty and holds no comparison: name another folder for --out`, {
        file: own.folder,
      });
    }
    await own.write(configFile, JSON.stringify(written, null, 2) + '\n');
    return own;
  }

  file(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  /** The run directory of a row under a seed. */
  run(row: RowName, seed: number): string {
    return this.file(row, `seed-${seed}`);
  }

  /** null while the row is not finished. @throws UserError when its file is damaged. */
  async result(row: RowName, seed: number | null): Promise<RowResult | null> {
    const file = this.resultFile(row, seed);
    if (!fs.existsSync(file)) return null;
    const parsed = resultSchema.safeParse(await readJson(file));
    if (parsed.success) return parsed.data;
    throw new UserError(`${file} is damaged: delete it, and the row is measured again`, {
      file,
    });
  }

  /** How many epochs a time limit was found to leave a row, by an earlier call; null where none was tried. */
  async plannedEpochs(row: RowName): Promise<number | null> {
    const file = this.planFile(row);
    if (!fs.existsSync(file)) return null;
    const parsed = planSchema.safeParse(await readJson(file));
    if (parsed.success) return parsed.data.epochs;
    throw new UserError(`${file} is damaged: delete it, and the time is measured again`, { file });
  }

  async planEpochs(row: RowName, epochs: number): Promise<void> {
    fs.mkdirSync(this.file(row), { recursive: true });
    await writeText(this.planFile(row), JSON.stringify({ epochs }) + '\n');
  }

  async writeResult(result: RowResult): Promise<void> {
    const file = this.resultFile(result.row, result.seed);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    await writeText(file, JSON.stringify(result) + '\n');
  }

  write(name: string, text: string): Promise<void> {
    return writeText(this.file(name), text);
  }

  private planFile(row: RowName): string {
    return this.file(row, 'plan.json');
  }

  private resultFile(row: RowName, seed: number | null): string {
    return path.join(seed === null ? this.file(row) : this.run(row, seed), 'evaluation.json');
  }
}

const versionOf = (config: unknown): unknown => z.object({ version: z.number() }).safeParse(config).data?.version;

const writeText = (file: string, text: string): Promise<void> => writeFileAtomically(file, [Buffer.from(text)]);

async function readJson(file: string): Promise<unknown> {
  const bytes = await readFileBytes(file);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new UserError(`${file} is not JSON: delete it, or name another folder for --out`, { file, cause });
  }
}

/** What two JSON values differ in, as "epochs is 3 there and 5 here". */
export function differencesOf(there: unknown, here: unknown, name = ''): string[] {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isObject(there) && isObject(here)) {
    const names = [...new Set([...Object.keys(there), ...Object.keys(here)])];
    return names.flatMap((key) => differencesOf(there[key], here[key], name === '' ? key : `${name}.${key}`));
  }
  if (JSON.stringify(there) === JSON.stringify(here)) return [];
  return [`${name} is ${shown(there)} there and ${shown(here)} here`];
}

function shown(value: unknown): string {
  const text = value === undefined ? 'not given' : JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
