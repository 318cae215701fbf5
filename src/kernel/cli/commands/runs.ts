import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError, UsageError, UserError } from '../../errors';
import { listRuns } from '../../notebook/runList';
import { stopRun } from '../../notebook/runProcess';
import { RunDirectory } from '../../training/runDirectory';
import { runHolder } from '../../training/runLock';
import { command, exitCodes, json, type Call } from '../command';
import { runsLines } from '../runsReport';

/** A run stops after the batch that it is at, or is ended. */
const graceMs = 60_000;
const pollMs = 100;

const options = { json };
type RunsCall = Call<typeof options>;

/** med-sa runs */
export const runs = command(
  {
    name: 'runs',
    summary: 'List runs with what became of them, or stop one.',
    operands: [
      { name: 'DIR|stop', description: 'where to look (default: the current folder); stop: end a run', optional: true },
      { name: 'RUN', description: 'stop: the run directory', optional: true },
    ],
    options,
    notes: [
      'A run is running, done, failed, stopped, or stale: its process is gone and did not say how it ended.',
      'What is not done can be gone on with: med-sa resume RUN. A folder called stop is ./stop.',
    ],
  },
  async (call) => {
    const [first, second] = call.operands;
    if (first === 'stop') {
      if (second === undefined) throw new UsageError('RUN is missing: name the run to stop (see: med-sa runs --help)');
      return stop(path.resolve(second), call);
    }
    if (second !== undefined)
      throw new UsageError(`${second} is one too many: give one folder (see: med-sa runs --help)`);
    return list(path.resolve(first ?? '.'), call);
  },
);

async function list(folder: string, { output }: RunsCall): Promise<number> {
  const found = listRuns(folder);
  output.result({ folder, runs: found }, runsLines(found, folder));
  return exitCodes.success;
}

async function stop(run: string, { output, interrupts: { signal } }: RunsCall): Promise<number> {
  RunDirectory.config(run);
  const holder = runHolder(run);
  if (holder?.atWork && !holder.local) {
    throw new UserError(`${run} is worked on by process ${holder.pid} on ${holder.host}: stop it there`, { file: run });
  }
  const running = stopRun(run, graceMs);
  if (running) output.note(`stopping process ${holder?.pid}: it ends after the batch that it is at`);
  while (running && runHolder(run)?.atWork) {
    if (signal.aborted) throw new CancelledError();
    await sleep(pollMs);
  }
  const [{ status }] = listRuns(run);
  output.result({ run, stopped: running, status }, [
    running ? `${run} is ${status}` : `${run} is not running: it is ${status}`,
  ]);
  return exitCodes.success;
}
