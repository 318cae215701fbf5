// What a run writes, one JSON object a line, into events.jsonl, and what a curve shows of it.

export type RunStatus = 'starting' | 'running' | 'done' | 'stopped' | 'failed';

/** Every event carries `time` in milliseconds since the epoch. */
export type RunEvent =
  | {
      type: 'start';
      time: number;
      epochs: number;
      stepsPerEpoch: number;
      samples: { train: number; validation: number };
      device: string;
      resumedFrom: number | null;
    }
  /** `epoch` counts from 1; `step` counts optimiser steps over the whole run, from 1. */
  | {
      type: 'step';
      time: number;
      step: number;
      epoch: number;
      loss: number;
      learningRate: number;
      imagesPerSecond: number;
    }
  /** Validation after `epoch` epochs (0: before training), per prompt setting. */
  | {
      type: 'validation';
      time: number;
      step: number;
      epoch: number;
      metrics: Record<string, { dice: number; iou: number }>;
    }
  | { type: 'checkpoint'; time: number; step: number; epoch: number; file: string; best: boolean }
  | { type: 'end'; time: number; status: 'done' | 'stopped' | 'failed'; message: string | null };

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
