import { openDataset, type Case } from '../datasets';
import { UserError } from '../errors';
import { parseRunConfig } from './runConfig';
import { RunDirectory } from './runDirectory';

/** What a run holds out. */
export interface HeldOut {
  /** Folder that the cases lie in. */
  readonly data: string;
  readonly cases: readonly Case[];
  /** Name or file of the model that the run began with. */
  readonly model: string;
}

/**
 * The cases that a run never trains on, as its `config.json` tells.
 * @throws UserError when there is no run, or its data are gone or hold other groups by now; CancelledError
 */
export async function heldOutOf(run: string, signal?: AbortSignal): Promise<HeldOut> {
  const { data, valData, layout, classes, model, split } = parseRunConfig(run, RunDirectory.config(run));
  const folder = valData ?? data;
  const { cases } = await openDataset(folder, { layout, classes: classes ?? undefined, signal });
  const held = cases.filter(({ group }) => split.validation.includes(group));
  const missing = split.validation.filter((group) => !held.some((item) => item.group === group));
  if (missing.length === 0) return { data: folder, cases: held, model };
  throw new UserError(
    `${folder} no longer holds ${missing.length === 1 ? 'the group' : 'the groups'} ${missing.slice(0, 3).join(', ')} ` +
      `that ${run} held out: put the data back`,
    { file: folder },
  );
}
