import type { CurvesState, TrainingRequest } from '../../src/protocol';

/** What stands around the curves: a notebook's output or a panel. */
export interface CurvesHost {
  /** Asks the kernel; where there is none, nothing happens. */
  post(request: TrainingRequest): void;
  /** Lets the user put a file somewhere. */
  save(name: string, content: Blob): void;
  remember(state: CurvesState): void;
}
