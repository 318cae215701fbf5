import { promptSettings } from '../../datasets/types';
import { embeddedModel } from '../../inference';
import { adapterVariants, defaultLora, promptModes } from '../../medsa/options';
import { depthModes } from '../../training/attachment';
import { forecastRun } from '../../training/forecast';
import { lossNames } from '../../training/losses';
import { trainDefaults, trainOptions, tuneChoices } from '../../training/options';
import { startRun } from '../../training/run';
import { scheduleNames } from '../../training/schedule';
import { recomputeNames } from '../../training/trainStep';
import { command, exitCodes, json } from '../command';
import { classes, data, folder, layout, model } from '../commonOptions';
import { device, precision } from '../device';
import { engine, openEngine } from '../engine';
import { forecastLines } from '../forecastReport';
import { choice, decimal, decimalFrom, flag, required, whole } from '../options';
import { fold, requireAtMostOne, splitSeed } from '../splitOptions';
import { TrainingReport } from '../trainingReport';

/** med-sa train */
export const train = command(
  {
    name: 'train',
    summary: 'Fine-tune a model on a data set. The result is a run directory.',
    operands: [],
    options: {
      data,
      layout,
      classes,
      'val-data': folder('Validate on this folder; without it, on a share of the groups (patients) of --data'),
      'val-fraction': decimal(0, `Share of the groups to validate on (default ${trainDefaults.valFraction})`, 1),
      fold,
      'split-seed': splitSeed,
      model,
      tune: choice(tuneChoices, `What learns (default ${trainDefaults.tune})`),
      variant: choice(adapterVariants, 'Adapters as in the paper (default), or as its authors released them'),
      depth: choice(depthModes, 'Attention between slices of a volume (default none)'),
      slices: whole(1, 'Slices that see each other: the length of the chunks of --depth sd-trans'),
      prompt: choice(promptModes, 'How prompts act on the decoder (default: hyper, the weights of HyP-Adpt)'),
      bottleneck: whole(1, "Width of the encoder's adapters (default: a 16th of the encoder's; released: a 4th)"),
      'decoder-bottleneck': whole(1, "Width of the decoder's adapters (default 32)"),
      scale: decimal(0, 'Weight of the adapters beside the MLPs (default 0.5)'),
      'with-decoder': flag('Let the whole mask decoder learn too, beside the adapters (--tune adapters)'),
      rank: whole(1, `Rank of --tune lora (default ${defaultLora.rank})`),
      alpha: decimal(0, 'Weight of --tune lora, divided by its rank (default: the rank)'),
      'lora-decoder': flag("Let --tune lora learn in the decoder's attentions too"),
      'prompt-setting': choice(promptSettings, 'Train on these prompts alone (default: a mixture of clicks and boxes)'),
      'no-augment': flag('Train on the images as they are: not turned, scaled, mirrored, or changed in tone'),
      'no-flip': flag('Do not mirror images: for anatomy whose sides mean something'),
      loss: choice(lossNames, `Loss (default ${trainDefaults.loss})`),
      epochs: whole(1, `Passes over the data (default ${trainDefaults.epochs})`),
      batch: whole(1, `Images per step, or chunks of --depth sd-trans (default ${trainDefaults.batch})`),
      recompute: choice(
        recomputeNames,
        `Compute the inside of encoder blocks again instead of keeping it: less memory, more time (default ${trainDefaults.recompute})`,
      ),
      accumulate: whole(1, 'Parts of a batch that pass one after another: less memory (default 1)'),
      'image-size': whole(1, "Side at which images enter the model, in pixels (default: the model's own)"),
      lr: decimal(0, `Peak learning rate (default ${trainDefaults.lr})`),
      schedule: choice(
        scheduleNames,
        `Learning rate after its peak: a cosine to a hundredth, half after each quarter, or constant (default ${trainDefaults.schedule})`,
      ),
      warmup: decimalFrom(0, `Share of the run in which it rises to its peak (default ${trainDefaults.warmup})`, 1),
      clip: decimalFrom(0, `Largest norm of the gradient; 0: no limit (default ${trainDefaults.clip})`),
      'validate-every': whole(0, 'Validate after every so many epochs, and after the last; 0: never (default 1)'),
      patience: whole(1, 'End after so many epochs without a better validation Dice (default: never)'),
      'checkpoint-seconds': decimalFrom(
        0,
        `Longest time between two checkpoints; there is one after every epoch (default ${trainDefaults.checkpointSeconds})`,
      ),
      seed: whole(0, `The same seed repeats the same run (default ${trainDefaults.seed})`),
      engine,
      device,
      precision,
      threads: whole(1, 'Processor threads of the engine onnx (default: as many as there are physical cores)'),
      out: required(folder('Folder of the run; it must not hold one already')),
      'dry-run': flag(
        'Begin nothing: tell what the run would learn on, its memory, and its time, measured on a few images',
      ),
      json,
    },
    notes: [
      `Adapters are saved after each epoch; those with the best validation Dice are OUT/checkpoints/best.safetensors:`,
      `  med-sa segment IMAGE --point X,Y --model ${embeddedModel} --adapters OUT/checkpoints/best.safetensors`,
      'Ctrl-C stops at the next batch (exit code 130); med-sa resume OUT goes on as if nothing had happened.',
    ],
  },
  async ({ values, output, interrupts }) => {
    requireAtMostOne(values, ['val-data', 'val-fraction', 'fold']);
    const options = trainOptions({
      data: values.data,
      layout: values.layout,
      classes: values.classes,
      valData: values['val-data'],
      valFraction: values['val-fraction'],
      fold: values.fold,
      splitSeed: values['split-seed'],
      model: values.model,
      tune: values.tune,
      variant: values.variant,
      depth: values.depth,
      slices: values.slices,
      prompt: values.prompt,
      bottleneck: values.bottleneck,
      decoderBottleneck: values['decoder-bottleneck'],
      scale: values.scale,
      withDecoder: values['with-decoder'],
      rank: values.rank,
      alpha: values.alpha,
      loraDecoder: values['lora-decoder'],
      promptSetting: values['prompt-setting'],
      augment: values['no-augment'] ? false : undefined,
      flip: values['no-flip'] ? false : undefined,
      loss: values.loss,
      epochs: values.epochs,
      batch: values.batch,
      recompute: values.recompute,
      accumulate: values.accumulate,
      imageSize: values['image-size'],
      lr: values.lr,
      schedule: values.schedule,
      warmup: values.warmup,
      clip: values.clip,
      patience: values.patience,
      validateEvery: values['validate-every'],
      checkpointSeconds: values['checkpoint-seconds'],
      seed: values.seed,
      engine: values.engine,
      device: values.device,
      precision: values.precision,
      threads: values.threads,
    });
    const { signal } = interrupts;
    const { executor, lines } = await openEngine({ ...options, threads: options.threads ?? undefined });
    for (const line of lines) output.note(line);
    const report = new TrainingReport(values.out, output);
    try {
      if (values['dry-run']) {
        const notes = lines.slice(1).map((line) => line.replace(/^not on /, ''));
        const forecast = await forecastRun(options, { executor, notes, signal, onProgress: report.waiting });
        output.result({ ...forecast }, forecastLines(forecast));
        return exitCodes.success;
      }
      const context = { executor, signal, onEvent: report.event, onProgress: report.waiting };
      return report.finish(await startRun(options, values.out, context), interrupts);
    } finally {
      await executor.dispose();
    }
  },
);
