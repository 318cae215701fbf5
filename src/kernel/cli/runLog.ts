import fs from 'node:fs';
import path from 'node:path';
import type { RunEvent } from '../../protocol';
import type { RunReport } from '../notebook/calls';
import { RunProgress } from '../notebook/runSummary';

/** How far a run has come, by all that its log tells; nothing yet where there is no log. `run`: absolute path. */
export function readRun(run: string): RunReport {
  const progress = new RunProgress(run);
  const file = path.join(run, 'events.jsonl');
  const log = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  // A process that was killed while it wrote leaves a last line without its end.
  const whole = log.slice(0, log.lastIndexOf('\n') + 1);
  for (const line of whole.split('\n')) if (line !== '') progress.apply(JSON.parse(line) as RunEvent);
  return progress.report();
}
