import path from 'node:path';
import { UserError } from '../../errors';
import { trainOptionsSchema } from '../../training/options';
import { resumeRun } from '../../training/run';
import { RunDirectory } from '../../training/runDirectory';
import { runHolder } from '../../training/runLock';
import { command, json } from '../command';
import { device } from '../device';
import { engine, openEngine } from '../engine';
import { TrainingReport } from '../trainingReport';

/** What an executor needs to know of a run; `resumeRun` checks the rest. */
const computeSchema = trainOptionsSchema.pick({ engine: true, device: true, threads: true, precision: true });

/** med-sa resume */
export const resume = command(
  {
    name: 'resume',
    summary: 'Go on with a run that was stopped or killed, from its last checkpoint.',
    operands: [{ name: 'RUN', description: 'the run directory that med-sa train made' }],
    options: { engine, device, json },
    notes: [
      'A resumed run ends with the same parameters, bit for bit, as one that was never interrupted (on the same engine and device).',
    ],
  },
  async ({ values, operands: [given], output, interrupts }) => {
    const run = path.resolve(given);
    const holder = runHolder(run);
    // Said before the engine is opened; `resumeRun` makes sure of it.
    if (holder?.atWork) {
      throw new UserError(`${run} is being worked on by process ${holder.pid} on ${holder.host}: stop that first`, {
        file: run,
      });
    }
    const config = computeSchema.safeParse(RunDirectory.config(run));
    const compute = config.data;
    const { signal } = interrupts;
    const { executor, lines } = await openEngine({
      engine: values.engine ?? compute?.engine ?? 'onnx',
      device: values.device ?? compute?.device ?? 'auto',
      threads: compute?.threads ?? undefined,
      precision: compute?.precision,
    });
    for (const line of lines) output.note(line);
    const report = new TrainingReport(run, output);
    try {
      const context = { executor, signal, onEvent: report.event, onProgress: report.waiting };
      return report.finish(await resumeRun(run, context), interrupts);
    } finally {
      await executor.dispose();
    }
  },
);
