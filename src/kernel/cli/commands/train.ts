import { embeddedModel, tuneNames } from '../../inference';
import { lossNames } from '../../training/losses';
import { trainDefaults, trainOptions } from '../../training/options';
import { startRun } from '../../training/run';
import { recomputeNames } from '../../training/trainStep';
import { command, json } from '../command';
import { data, folder, layout, model } from '../commonOptions';
import { device, deviceLines, openExecutor } from '../device';
import { choice, decimal, required, whole } from '../options';
import { TrainingReport } from '../trainingReport';
import { UsageError } from '../../errors';

/** med-sa train */
export const train = command(
  {
    name: 'train',
    summary: 'Fine-tune a model on a data set. The result is a run directory.',
    operands: [],
    options: {
      data,
      layout,
      'val-data': folder('Validate on this folder; without it, on a share of the groups (patients) of --data'),
      'val-fraction': decimal(0, `Share of the groups to validate on (default ${trainDefaults.valFraction})`, 1),
      model,
      tune: choice(tuneNames, `What learns (default ${trainDefaults.tune})`),
      loss: choice(lossNames, `Loss (default ${trainDefaults.loss})`),
      epochs: whole(1, `Passes over the data (default ${trainDefaults.epochs})`),
      batch: whole(1, `Images per step (default ${trainDefaults.batch})`),
      recompute: choice(
        recomputeNames,
        `Compute the inside of encoder blocks again instead of keeping it: less memory, more time (default ${trainDefaults.recompute})`,
      ),
      accumulate: whole(1, 'Parts of a batch that pass one after another: less memory (default 1)'),
      'image-size': whole(1, "Side at which images enter the model, in pixels (default: the model's own)"),
      lr: decimal(0, `Peak learning rate (default ${trainDefaults.lr})`),
      seed: whole(0, `The same seed repeats the same run (default ${trainDefaults.seed})`),
      device,
      threads: whole(1, 'Processor threads (default: as many as there are physical cores)'),
      out: required(folder('Folder of the run; it must not hold one already')),
      json,
    },
    notes: [
      `Adapters are saved after each epoch; those with the best validation Dice are OUT/checkpoints/best.safetensors:`,
      `  med-sa segment IMAGE --point X,Y --model ${embeddedModel} --adapters OUT/checkpoints/best.safetensors`,
      'Ctrl-C stops at the next batch (exit code 130); med-sa resume OUT goes on as if nothing had happened.',
    ],
  },
  async ({ values, output, interrupts }) => {
    if (values['val-data'] !== undefined && values['val-fraction'] !== undefined) {
      throw new UsageError('--val-data and --val-fraction exclude each other: give one of them');
    }
    const options = trainOptions({
      data: values.data,
      layout: values.layout,
      valData: values['val-data'],
      valFraction: values['val-fraction'],
      model: values.model,
      tune: values.tune,
      loss: values.loss,
      epochs: values.epochs,
      batch: values.batch,
      recompute: values.recompute,
      accumulate: values.accumulate,
      imageSize: values['image-size'],
      lr: values.lr,
      seed: values.seed,
      device: values.device,
      threads: values.threads,
    });
    const { signal } = interrupts;
    const { executor, notes } = await openExecutor(options.device, options.threads ?? undefined);
    for (const line of deviceLines(executor, notes)) output.note(line);
    const report = new TrainingReport(values.out, output);
    try {
      const context = { executor, signal, onEvent: report.event, onProgress: report.waiting };
      return report.finish(await startRun(options, values.out, context), interrupts);
    } finally {
      await executor.dispose();
    }
  },
);
