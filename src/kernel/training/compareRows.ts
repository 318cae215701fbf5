import { UsageError } from '../errors';
import type { Tune } from '../inference';
import type { PromptMode } from '../medsa/options';
import { trainOptions, type TrainOptions } from './options';

/** The methods that the paper compares, and its ablations (tables 1 to 3), in the order of the table. */
export const rowNames = [
  'sam',
  'medsam',
  'med-sa',
  'med-sa-decoder',
  'decoder',
  'lora',
  'depth-none',
  'prompt-none',
  'prompt-add',
  'prompt-concat',
] as const;
export type RowName = (typeof rowNames)[number];

interface Row {
  readonly title: string;
  /** null: the model as it is. */
  readonly tune: Tune | null;
  /** Of the adapters, what differs from Med-SA. */
  readonly depth?: 'none';
  readonly prompt?: PromptMode;
  readonly withDecoder?: true;
}

export const rows: Readonly<Record<RowName, Row>> = {
  sam: { title: 'SAM', tune: null },
  medsam: { title: 'MedSAM (all parameters)', tune: 'full' },
  'med-sa': { title: 'Med-SA', tune: 'adapters' },
  'med-sa-decoder': { title: 'Med-SA and mask decoder', tune: 'adapters', withDecoder: true },
  decoder: { title: 'Decoder only', tune: 'decoder' },
  lora: { title: 'LoRA', tune: 'lora' },
  'depth-none': { title: 'Med-SA without SD-Trans', tune: 'adapters', depth: 'none' },
  'prompt-none': { title: 'Med-SA without HyP-Adpt', tune: 'adapters', prompt: 'none' },
  'prompt-add': { title: 'Med-SA, prompt added', tune: 'adapters', prompt: 'add' },
  'prompt-concat': { title: 'Med-SA, prompt concatenated', tune: 'adapters', prompt: 'concat' },
};

/**
 * Learning rate of a row where none is asked for, relative to the adapters': a whole model that was trained before takes
 * smaller steps than layers that begin at zero.
 */
const relativeRate: Readonly<Record<Tune, number>> = { adapters: 1, lora: 1, decoder: 1, full: 0.1 };

/** What all rows have in common. */
export interface SharedOptions extends Omit<
  TrainOptions,
  'tune' | 'epochs' | 'seed' | 'splitSeed' | 'lr' | 'variant' | 'depth' | 'slices' | 'prompt' | 'withDecoder'
> {
  /** null: each row's own. */
  readonly lr: number | null;
  /** Adapters' learning rate, from which a row's own follows. */
  readonly baseRate: number;
  /** Length of depth chunks on volumes; null on pictures, which have no depth. */
  readonly slices: number | null;
  /** Of the split; `seed` is of parameters, order and prompts. */
  readonly splitSeed: number;
}

/** Which rows the data can have, and why others not. On pictures Med-SA has no SD-Trans to leave out. */
export function rowsFor(
  asked: readonly RowName[],
  { slices }: Pick<SharedOptions, 'slices'>,
): { readonly kept: readonly RowName[]; readonly notes: readonly string[] } {
  const kept = asked.filter((name) => slices !== null || rows[name].depth === undefined);
  const skipped = asked.filter((name) => !kept.includes(name));
  const notes = skipped.map((name) => `${name} is left out: single images have no depth, so it is med-sa itself`);
  if (kept.length === 0) throw new UsageError(`--rows: nothing is left to compare (${notes.join('; ')})`);
  return { kept, notes };
}

/** What a row's run is asked to do. @throws UsageError for options that contradict each other; Error for `sam`. */
export function rowOptions(name: RowName, shared: SharedOptions, epochs: number, seed: number): TrainOptions {
  const { tune, depth, prompt = null, withDecoder = false } = rows[name];
  if (tune === null) throw new Error(`${name} trains nothing`);
  const { slices, baseRate, lr, batch, bottleneck, ...common } = shared;
  const deep = tune === 'adapters' && slices !== null && depth !== 'none';
  return trainOptions({
    ...common,
    tune,
    depth: deep ? 'sd-trans' : 'none',
    slices: deep ? slices : null,
    prompt,
    withDecoder,
    bottleneck: tune === 'adapters' ? bottleneck : null,
    // A chunk counts as one image of a batch: as many slices a step as the other rows, as nearly as it goes.
    batch: deep ? Math.max(1, Math.round(batch / slices)) : batch,
    lr: lr ?? baseRate * relativeRate[tune],
    epochs,
    seed,
  });
}
