// What a run writes, one JSON object a line, into events.jsonl, and what a curve shows of it.

/** `stale`: the process is gone and did not say how the run ended. */
export type RunStatus = 'starting' | 'running' | 'done' | 'stopped' | 'failed' | 'stale';

/** A run as a list of runs tells of it; `stale`: its process is gone and did not say how it ended. */
export type ListedStatus = 'running' | 'done' | 'failed' | 'stopped' | 'stale';

/** Means over samples, 0..1. */
export interface Scores {
  dice: number;
  iou: number;
}

/** Scores of one prompt setting. */
export interface SettingScores extends Scores {
  /** Per class, with the number of samples that show it. Absent in logs of version 0.1. */
  classes?: Record<string, Scores & { n: number }>;
}

/** Every event carries `time` in milliseconds since the epoch. Optional fields are absent in logs of version 0.1. */
export type RunEvent =
  | {
      type: 'start';
      time: number;
      epochs: number;
      /** Batches of an epoch. */
      stepsPerEpoch: number;
      samples: { train: number; validation: number };
      device: string;
      /** Optimiser steps that were done when the run went on; null where it began. */
      resumedFrom: number | null;
    }
  /** `epoch` counts from 1; `step` counts optimiser steps over the whole run, from 1. */
  | {
      type: 'step';
      time: number;
      step: number;
      epoch: number;
      loss: number;
      /** What the loss is the sum of, weights included: `bce`, `dice`, `focal`, `iou` … */
      parts?: Record<string, number>;
      /** L2 norm over all trained parameters, before clipping. */
      gradientNorm?: number;
      learningRate: number;
      imagesPerSecond: number;
      /** Resident memory of the process, MiB. */
      memoryMB?: number;
      /** Share of the run that is behind it, 0..1. */
      progress?: number;
    }
  /** Validation after `epoch` epochs (0: before training), per prompt setting. */
  | { type: 'validation'; time: number; step: number; epoch: number; metrics: Record<string, SettingScores> }
  | {
      type: 'checkpoint';
      time: number;
      step: number;
      epoch: number;
      file: string;
      best: boolean;
      /** Epochs since the best validation Dice; 0 when it is this one. */
      sinceBest?: number;
    }
  | {
      type: 'end';
      time: number;
      status: 'done' | 'stopped' | 'failed';
      message: string | null;
      /** Done before its last epoch: the validation Dice had stopped rising. */
      early?: boolean;
    };

/** A figure that a run tells again and again; `loss` with a `part`: one of what the loss is the sum of. */
export type CurveName =
  | { quantity: 'loss'; part?: string }
  | { quantity: 'learningRate' | 'gradientNorm' }
  /** `class` null: the mean over the held-out cases. */
  | { quantity: 'dice' | 'iou'; setting: string; class: string | null };

/** Figures of the same optimiser steps, which rise; null where a step did not tell one. */
export interface CurveTable {
  steps: number[];
  curves: { name: CurveName; values: (number | null)[] }[];
}

/** A run as a list to choose from names it. */
export interface RunChoice {
  /** Absolute path. */
  run: string;
  name: string;
}

/** What a training output holds of a run: enough to draw it without the run directory. */
export interface RunSummary {
  run: string;
  name: string;
  status: RunStatus;
  message: string | null;
  epochs: number;
  epoch: number;
  /** [step, loss] */
  loss: [number, number][];
  /** [step, Dice] per prompt setting */
  dice: Record<string, [number, number][]>;
  bestDice: number | null;
  /** How it goes. Absent in outputs of version 0.1. */
  pace?: RunPace;
  /** All curves, thinned out. Absent in outputs of version 0.1, and where the curves come by themselves. */
  curves?: CurveTable[];
}

/** How far a run is and how fast it goes. */
export interface RunPace {
  /** Optimiser steps that are done. */
  step: number;
  /** Mean of the last steps; null before the first. */
  imagesPerSecond: number | null;
  /** By the time that the present sitting has taken; null where that is not known or nothing is left. */
  secondsLeft: number | null;
  /** Time that processes worked on it, without the breaks between them. */
  secondsWorked: number;
  device: string | null;
}
