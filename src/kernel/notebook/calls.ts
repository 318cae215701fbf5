// Cell process ↔ kernel: what a cell asks of the kernel, and what comes back. Node's IPC in between.
import type {
  CellOutput,
  ExportFormat,
  ImageOutput,
  KernelStatus,
  MaskPatch,
  Prompt,
  RunSummary,
} from '../../protocol';
import type { InspectorOutput } from '../../protocol/inspector';
import type {
  EvaluateOptions,
  FineTuneOptions,
  NotebookModel,
  NotebookObject,
  NotebookRunEntry,
  OpenImageOptions,
  PhantomsOptions,
  PropagateOptions,
} from './api';

/** A run as far as it has come. */
export interface RunReport {
  readonly summary: RunSummary;
  /** Share of the steps that are done, 0..1. */
  readonly done: number;
  /** Absolute path of the best adapters. */
  readonly best: string | null;
  /** Mean Dice over the prompt settings before training. */
  readonly before: number | null;
}

/** An image as a cell finds it. */
export interface OpenedImage {
  readonly output: ImageOutput & { readonly slice: number };
  readonly size: readonly [number, number, number];
  readonly spacing: readonly [number, number, number] | null;
  /** What a person should know of how the file was read. */
  readonly notes: readonly string[];
  /** Image and masks of the slice, base64. */
  readonly png: string;
}

/** An answer of the model with the picture of it. */
export interface SegmentReport {
  readonly mask: MaskPatch | null;
  readonly iou: number;
  readonly model: string;
  /** Image and mask, base64. */
  readonly png: string;
}

/** What was found of an image and its adapters. */
export interface InspectionReport {
  readonly output: InspectorOutput;
  /** A map, base64: how this block changes its output, the most of all. */
  readonly png: string;
  readonly block: number;
}

/** Calls of the cell API: method → [params, result]. */
export interface ApiCalls {
  'image/open': [OpenImageOptions & { path: string }, OpenedImage];
  'image/objects': [{ output: ImageOutput }, NotebookObject[]];
  /** Of the selected object. */
  'image/prompts': [{ output: ImageOutput; slice: number }, Prompt[]];
  /** `label` null: of the selected object. */
  'image/mask': [{ output: ImageOutput; label: string | null; slice: number }, MaskPatch | null];
  'image/segment': [{ output: ImageOutput; slice: number; prompts: Prompt[] }, SegmentReport];
  'image/label': [
    { output: ImageOutput; slice: number; label: string; colour: string | undefined; prompts: Prompt[] },
    SegmentReport,
  ];
  /** Progress: [done, total]. */
  'image/propagate': [{ output: ImageOutput; label: string; from: number } & Omit<PropagateOptions, 'from'>, number];
  'image/save': [{ output: ImageOutput; file: string; format: ExportFormat | undefined }, string[]];
  'mask/save': [{ file: string; width: number; height: number; data: Uint8Array }, string];
  'mask/picture': [{ width: number; height: number; data: Uint8Array }, string];
  /** `adapters` null: those in use in the notebook. Prompts of both slots, in pixels. */
  'inspect/open': [
    {
      output: ImageOutput;
      slice: number;
      slices: number | undefined;
      adapters: string | null;
      prompts: [first: Prompt[], second: Prompt[]];
    },
    InspectionReport,
  ];
  'inspect/tensor': [{ output: InspectorOutput; name: string }, { shape: number[]; data: Float32Array }];
  'inspect/save': [{ output: InspectorOutput; file: string }, string];
  'adapters/use': [{ file: string | null }, KernelStatus];
  /** Resolves with the run's folder as soon as that is there. */
  'training/start': [FineTuneOptions, string];
  /** Progress: RunReport. Resolves when the run has ended. */
  'training/watch': [{ run: string }, RunReport];
  'training/stop': [{ run: string }, null];
  /** Progress: a line of text. */
  evaluate: [Omit<EvaluateOptions, 'adapters'> & { adapters?: string | null }, Record<string, unknown>];
  phantoms: [PhantomsOptions, string];
  models: [null, NotebookModel[]];
  runs: [{ folder: string | undefined }, NotebookRunEntry[]];
}

export type ApiMethod = keyof ApiCalls;

export type ToCell =
  | {
      readonly type: 'execute';
      readonly executionId: string;
      /** Counts the cells of a process from 1. One that was heard before is not evaluated again. */
      readonly sequence: number;
      readonly count: number;
      readonly code: string;
    }
  | { readonly type: 'progress'; readonly id: number; readonly value: unknown }
  | { readonly type: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly name: string; readonly message: string };

export type FromCell =
  | { readonly type: 'ready' }
  /** A cell was heard of, and is evaluated. */
  | { readonly type: 'started'; readonly executionId: string }
  | { readonly type: 'output'; readonly executionId: string; readonly output: CellOutput }
  | { readonly type: 'done'; readonly executionId: string; readonly ok: boolean }
  | { readonly type: 'call'; readonly id: number; readonly method: ApiMethod; readonly params: unknown }
  /** Nobody waits for the answer any more. */
  | { readonly type: 'cancel'; readonly id: number };
