/**
 * What a fine-tune can be asked for beside its data; what is not named is the trainer's default, and everything is told
 * in docs/training.md and docs/runs.md. The trainer knows which values fit, and which of them together.
 */
export interface FineTuneChoices {
  /** Name or file of the model that is taught; the notebook's own by default. */
  model?: string;
  /** What learns: the adapters (default), low-rank updates (LoRA), the mask decoder, or everything. */
  tune?: 'adapters' | 'lora' | 'decoder' | 'full';

  /** How the data folder is laid out, where it cannot be told: docs/data.md. */
  layout?: string;
  /** Only these classes; with values of label maps, as `liver=1` or `whole=1+2+4`. */
  classes?: readonly string[];
  /** A folder of its own to validate on; else a share of the groups (patients) of the data. */
  valData?: string;
  /** That share, 0.2 by default. */
  valFraction?: number;
  /** Hold out one of several folds instead; counted from 0. */
  fold?: { readonly fold: number; readonly folds: number };
  /** Which groups are held out; `seed` decides by default. */
  splitSeed?: number;

  /** Adapters as in the paper (default), or as its authors released them. */
  variant?: 'paper' | 'released';
  /** `sd-trans`: slices of a volume see each other; needs `slices`. */
  depth?: 'none' | 'sd-trans';
  /** How many neighbouring slices see each other with depth `sd-trans`. */
  slices?: number;
  /** How prompts act on the decoder's adapters; `hyper` by default. */
  prompt?: 'none' | 'add' | 'concat' | 'hyper';
  /** Width of the encoder's adapters. */
  bottleneck?: number;
  /** Width of the decoder's adapters. */
  decoderBottleneck?: number;
  /** Weight of the adapters beside the MLPs. */
  scale?: number;
  /** Lets the base's whole mask decoder learn too, beside the adapters: a larger file, often better on few images. */
  withDecoder?: boolean;
  /** Rank of `tune: 'lora'`. */
  rank?: number;
  /** Weight of `tune: 'lora'`, divided by its rank; the rank by default. */
  alpha?: number;
  /** Lets `tune: 'lora'` learn in the decoder's attentions too. */
  loraDecoder?: boolean;

  epochs?: number;
  /** Images per step, or chunks of slices with depth `sd-trans`. */
  batch?: number;
  /** Pixels of the side that images are resized to; the model's own by default. */
  imageSize?: number;
  /** Train on these prompts alone; a mixture of clicks and boxes by default. */
  promptSetting?: '1-point' | '3-points' | 'bbox-0.5' | 'bbox-0.75';
  /** False: images as they are, not turned, scaled, mirrored, or changed in tone. */
  augment?: boolean;
  /** False: no mirroring, for anatomy whose sides mean something. */
  flip?: boolean;
  loss?: 'focal-dice' | 'bce' | 'dice-ce';
  /** At its peak. */
  learningRate?: number;
  /** After the peak. */
  schedule?: 'cosine' | 'step' | 'constant';
  /** Share of the run in which the learning rate rises to its peak. */
  warmup?: number;
  /** Largest norm of the gradient; 0: no limit. */
  clip?: number;
  /** End after so many epochs without a better validation Dice. */
  patience?: number;
  /** Validate after every so many epochs, and after the last; 1 by default, 0: never. */
  validateEvery?: number;
  /** Longest time between two checkpoints; there is one after every epoch anyway. */
  checkpointSeconds?: number;
  /** The same seed repeats the same run. */
  seed?: number;

  /** What is computed again instead of being kept: `blocks` takes less memory and more time. */
  recompute?: 'none' | 'blocks';
  /** Parts of a batch that pass one after another: less memory. */
  accumulate?: number;
  /** The kernel's by default. */
  device?: string;
}

/** What a fine-tune would take, found out without beginning one: `med-sa train --dry-run`. */
export interface RunForecast {
  data: string;
  layout: string;
  classes: string[];
  /** Cases on either side of the split. */
  cases: { train: number; validation: number };
  /** What an epoch trains on: slices, or chunks of slices. Not `exact`: reckoned from the cases that were read. */
  examples: { count: number; exact: boolean };
  model: string;
  /** Trainable parameters. */
  parameters: number;
  device: string;
  /** Why each faster device does not train. */
  notes: string[];
  memory: {
    /** Peak of a training step, bytes, estimated. */
    step: number;
    /** Bytes that are free; null where that is not known (another device than the CPU). */
    available: number | null;
    fits: boolean;
    /** Where it does not fit: settings with which it would; null when none would. */
    instead: { recompute?: 'none' | 'blocks'; accumulate?: number } | null;
  };
  /** Seconds, measured on this machine on the first examples; null where a step would not fit. */
  seconds: {
    /** One optimiser step. */
    step: number;
    /** All steps of an epoch. */
    epoch: number;
    /** One validation; null for volumes, of which none is tried out. */
    validation: number | null;
    /** Once, before the first step: embeddings of a frozen encoder. */
    preparation: number;
  } | null;
}
