import type { RunReport } from '../notebook/calls';
import { RunProgress } from '../notebook/runSummary';
import { readEvents } from '../training/runEvents';

/** How far a run has come, by all that its log tells; nothing yet where there is no log. `run`: absolute path. */
export function readRun(run: string): RunReport {
  const progress = new RunProgress(run);
  for (const event of readEvents(run)) progress.apply(event);
  return progress.report();
}
