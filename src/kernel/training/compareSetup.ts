import { isPicture, loadCase, openDataset, splitCases, type Case, type PromptSetting } from '../datasets';
import { fileHash, isModelPath, readModel } from '../inference/modelFile';
import type { SamConfig } from '../sam/config';
import type { CompareConfig } from './compareFolder';
import { rowsFor, type RowName, type SharedOptions } from './compareRows';
import { splitChoiceOf } from './runConfig';

/** What a comparison is asked to do. */
export interface CompareGiven {
  readonly rows: readonly RowName[];
  /** `slices`: length of depth chunks, where the data are volumes. */
  readonly shared: SharedOptions;
  readonly budget: CompareConfig['budget'];
  readonly settings: readonly PromptSetting[];
  readonly evaluationSeed: number;
  readonly checkpoint: CompareConfig['evaluation']['checkpoint'];
}

/** What it works on, read and found in order. */
export interface CompareMaterial {
  readonly config: CompareConfig;
  readonly shared: SharedOptions;
  readonly rows: readonly RowName[];
  /** What to know of the rows. */
  readonly notes: readonly string[];
  /** What every row is measured on. */
  readonly held: readonly Case[];
  readonly model: SamConfig;
}

/** What a row's run is told besides what all rows share; and where it computes, which decides nothing. */
const notShared = new Set(['tune', 'epochs', 'seed', 'variant', 'depth', 'prompt', 'device', 'threads']);

/** Reads what all rows have in common. @throws UserError when data or model are wrong; CancelledError */
export async function compareMaterial(given: CompareGiven, signal: AbortSignal): Promise<CompareMaterial> {
  const { data, valData, layout, classes } = given.shared;
  const how = { layout, classes: classes ?? undefined, signal };
  const { cases } = await openDataset(data, how);
  const split =
    valData === null
      ? splitCases(cases, splitChoiceOf({ ...given.shared, seed: given.shared.splitSeed }))
      : { train: cases, validation: (await openDataset(valData, how)).cases };
  const base = await readModel(given.shared.model);
  const slices = (await holdVolumes(cases)) ? given.shared.slices : null;
  const model = isModelPath(given.shared.model) ? base.file : given.shared.model;
  const shared: SharedOptions = { ...given.shared, slices, model };
  const { kept, notes } = rowsFor(given.rows, shared);
  return {
    config: {
      training: Object.fromEntries(Object.entries(shared).filter(([name]) => !notShared.has(name))),
      modelHash: await fileHash(base.file),
      budget: given.budget,
      evaluation: { settings: given.settings, seed: given.evaluationSeed, checkpoint: given.checkpoint },
      split: { train: groupsOf(split.train), validation: groupsOf(split.validation) },
    },
    shared,
    rows: kept,
    notes,
    held: split.validation,
    model: base.config,
  };
}

/** By the first case that is no plain picture: a file of slices may hold one only. */
async function holdVolumes(cases: readonly Case[]): Promise<boolean> {
  const item = cases.find((one) => !isPicture(one));
  if (item === undefined) return false;
  const { image } = await loadCase(item);
  return image.size[2] > 1;
}

const groupsOf = (cases: readonly Case[]): string[] => [...new Set(cases.map(({ group }) => group))].sort();
