// What a run writes, one JSON object a line, into events.jsonl, and what a curve shows of it.

export type RunStatus = 'starting' | 'running' | 'done' | 'stopped' | 'failed';

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
}
