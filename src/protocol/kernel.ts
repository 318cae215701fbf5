// Extension ↔ kernel: JSON-RPC over the child process's IPC channel.
import type { RunForecast } from './fineTune';
import type { ImageOutput } from './image';
import type { InspectorEvent, InspectorOutput, InspectorRequest } from './inspector';
import type { ViewerEvent, ViewerRequest } from './viewer';
import type { ImageOutputV1 } from './viewerV1';

export const imageMime = 'application/vnd.med-sa.image+json';
export const trainingMime = 'application/vnd.med-sa.training+json';

/** One representation of a cell output. Text and JSON as a string, pictures as base64. */
export interface OutputItem {
  mime: string;
  encoding: 'utf8' | 'base64';
  data: string;
}

export type CellOutput =
  | { kind: 'stream'; name: 'stdout' | 'stderr'; text: string }
  /** Several representations of one thing; `displayId` lets a later one replace it. */
  | { kind: 'display'; displayId: string | null; replace: boolean; items: OutputItem[] }
  | { kind: 'error'; name: string; message: string; stack: string }
  | { kind: 'clear' };

export interface ExecuteParams {
  /** Names the notebook's state in the kernel: its URI. */
  notebook: string;
  /** Folder that relative paths in cells start from. */
  folder: string;
  executionId: string;
  code: string;
}

export interface FineTuneParams {
  notebook: string;
  folder: string;
  data: string;
  /** `FineTuneChoices`, as far as anything was chosen; whoever starts the run checks them. */
  [choice: string]: unknown;
}

/** An image with its annotations, as an output names it, and the adapters (a file) that are looked into. */
export interface InspectParams {
  notebook: string;
  folder: string;
  image: ImageOutput | ImageOutputV1;
  adapters: string;
}

export interface KernelStatus {
  model: string | null;
  adapters: string | null;
  device: string | null;
  /** Why each faster device does not answer. */
  deviceNotes: string[];
  memoryMB: number;
  pid: number;
}

/** Requests of the extension: method → [params, result]. */
export interface KernelRequests {
  'cell/execute': [ExecuteParams, { ok: boolean }];
  /** Ends the running cell of a notebook, an endless loop too. */
  'cell/interrupt': [{ notebook: string }, { interrupted: boolean }];
  'notebook/close': [{ notebook: string }, null];
  'viewer/request': [{ notebook: string; folder: string; request: ViewerRequest }, null];
  /** Starts a run process; resolves as soon as its directory exists. */
  'training/start': [FineTuneParams, { run: string }];
  /** What `training/start` would begin, its memory and time; takes as long as a few training steps. Can be cancelled. */
  'training/forecast': [FineTuneParams, RunForecast];
  'training/stop': [{ run: string }, { stopped: boolean }];
  /** Resolves as soon as a process works on the run again. */
  'training/resume': [{ run: string }, null];
  /** Writes what is labelled on these images as one data set for fine-tunes into the folder `target`. */
  'annotation/export': [
    { notebook: string; folder: string; outputs: (ImageOutput | ImageOutputV1)[]; target: string },
    { images: number; unlabelled: number },
  ];
  /** `file` null: the frozen model again. */
  'adapters/use': [{ notebook: string; folder: string; file: string | null }, KernelStatus];
  /** Opens an inspection of what the image is annotated on; it lives as long as the notebook, or until others push it out. */
  'inspector/open': [InspectParams, InspectorOutput];
  /** A page's request; what a user can do wrong is answered by an `inspector/error`. */
  'inspector/ask': [{ request: InspectorRequest }, InspectorEvent];
  'status/get': [null, KernelStatus];
}

/** Notifications of the kernel: method → params. */
export interface KernelNotifications {
  'cell/output': { notebook: string; executionId: string; output: CellOutput };
  'viewer/event': { notebook: string; event: ViewerEvent };
  'status/changed': KernelStatus;
  'log/line': { level: 'info' | 'warn' | 'error'; text: string };
}
