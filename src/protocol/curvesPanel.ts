// The curves panel and its page, beside the requests and events that the kernel answers.

/** How curves are shown: what a page keeps over a reload. */
export interface CurvesState {
  /** Absolute paths; the first one is what the page is about. */
  readonly runs: readonly string[];
  /** The weight of what came before in a moving average, 0..1; 0: curves as they are. */
  readonly smoothing: number;
  readonly log: boolean;
}

/** The page tells that it listens, what it shows from now on, or has a file to put somewhere. */
export type CurvesPanelMessage =
  | { type: 'panel/ready' }
  | { type: 'panel/state'; state: CurvesState }
  | { type: 'panel/save'; name: string; base64: string };

/** Answers `panel/ready`. */
export interface CurvesPanelStart {
  type: 'panel/start';
  /** Names the panel's views to the kernel. */
  viewId: string;
  state: CurvesState;
}

/** Curves of single steps jump with their images. */
export const freshState = (runs: readonly string[]): CurvesState => ({ runs, smoothing: 0.9, log: false });
