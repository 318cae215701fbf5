import { promptSettings, Random } from '../../datasets';
import { CancelledError } from '../../errors';
import { openPredictor } from '../../inference';
import { evaluateCases } from '../../inference/evaluate';
import { compare } from '../../training/compare';
import { CompareFolder, checkpointNames } from '../../training/compareFolder';
import { tableMarkdown } from '../../training/compareMarkdown';
import { rowNames } from '../../training/compareRows';
import { compareMaterial } from '../../training/compareSetup';
import { lossNames } from '../../training/losses';
import { trainDefaults } from '../../training/options';
import { recomputeNames } from '../../training/trainStep';
import { command, exitCodes, json } from '../command';
import { CompareReport } from '../compareReport';
import { classes, data, folder, layout, model } from '../commonOptions';
import { device, precision } from '../device';
import { engine, openEngine } from '../engine';
import { caseProgress } from '../evaluationReport';
import { choice, choices, decimal, flag, required, whole, wholes } from '../options';
import { fold, requireAtMostOne, splitSeed } from '../splitOptions';

const defaultSlices = 8;

/** med-sa compare */
export const compareMethods = command(
  {
    name: 'compare',
    summary: 'Train and measure the methods that the paper compares, on one split, and write its table.',
    operands: [],
    options: {
      data,
      layout,
      classes,
      'val-data': folder('Measure on this folder; without it, on a share of the groups (patients) of --data'),
      'val-fraction': decimal(0, `Share of the groups to measure on (default ${trainDefaults.valFraction})`, 1),
      fold,
      'split-seed': { ...splitSeed, description: 'Which groups are held out, for all seeds (default 0)' },
      rows: choices(
        rowNames,
        `Methods, in the table's order; the first is what others are compared with (default all: ${rowNames.join(', ')})`,
      ),
      seeds: wholes(0, 'Train every row under each of these (default 0)'),
      epochs: whole(1, `Passes over the data, for all rows (default ${trainDefaults.epochs})`),
      minutes: decimal(0, 'Instead: as many epochs as fit into this time, for each row by a short trial'),
      model,
      'image-size': whole(1, "Side at which images enter the model, in pixels (default: the model's own)"),
      slices: whole(1, `Volumes: length of the chunks of Med-SA's depth attention (default ${defaultSlices})`),
      batch: whole(1, `Images or slices per step (default ${trainDefaults.batch})`),
      lr: decimal(
        0,
        `Peak learning rate of all rows (default ${trainDefaults.lr}, a tenth of it where all parameters learn)`,
      ),
      loss: choice(lossNames, `Loss (default ${trainDefaults.loss})`),
      bottleneck: whole(1, "Width of the encoder's adapters (default: a 16th of the encoder's)"),
      'validate-every': whole(
        0,
        'Validate in training after every so many epochs, and after the last; 0: never (default 1)',
      ),
      'prompt-setting': choice(promptSettings, 'Train on these prompts alone (default: a mixture of clicks and boxes)'),
      'no-augment': flag('Train on the images as they are'),
      'no-flip': flag('Do not mirror images: for anatomy whose sides mean something'),
      recompute: choice(recomputeNames, `Less memory, more time (default ${trainDefaults.recompute})`),
      accumulate: whole(1, 'Parts of a batch that pass one after another: less memory (default 1)'),
      prompts: choices(promptSettings, `Kinds of prompts to measure with (default all: ${promptSettings.join(',')})`),
      checkpoint: choice(
        checkpointNames,
        'What is measured of a run (default last: best was chosen on what it is measured on)',
      ),
      engine,
      device,
      precision,
      threads: whole(1, 'Processor threads of the engine onnx (default: as many as there are physical cores)'),
      out: required(
        folder('Folder of the comparison: a run directory for each row and seed, and table.md, .csv, .json'),
      ),
      json,
    },
    notes: [
      'Called again, it repeats nothing that is finished and goes on with what was stopped or killed; further --rows and',
      '--seeds may be added. Tables are written anew after each row.',
    ],
  },
  async ({ values, output, interrupts: { signal } }) => {
    requireAtMostOne(values, ['val-data', 'val-fraction', 'fold']);
    requireAtMostOne(values, ['epochs', 'minutes']);
    const { minutes, epochs = trainDefaults.epochs, seeds = [0] } = values;
    const material = await compareMaterial(
      {
        rows: values.rows ?? rowNames,
        budget: minutes === undefined ? { epochs } : { minutes },
        settings: values.prompts ?? promptSettings,
        evaluationSeed: 0,
        checkpoint: values.checkpoint ?? 'last',
        shared: {
          ...trainDefaults,
          data: values.data,
          layout: values.layout ?? trainDefaults.layout,
          classes: values.classes ?? null,
          valData: values['val-data'] ?? null,
          valFraction: values['val-fraction'] ?? trainDefaults.valFraction,
          fold: values.fold ?? null,
          splitSeed: values['split-seed'] ?? 0,
          model: values.model ?? trainDefaults.model,
          imageSize: values['image-size'] ?? null,
          slices: values.slices ?? defaultSlices,
          batch: values.batch ?? trainDefaults.batch,
          lr: values.lr ?? null,
          baseRate: trainDefaults.lr,
          loss: values.loss ?? trainDefaults.loss,
          promptSetting: values['prompt-setting'] ?? null,
          augment: !values['no-augment'],
          flip: !values['no-flip'],
          bottleneck: values.bottleneck ?? null,
          validateEvery: values['validate-every'] ?? trainDefaults.validateEvery,
          recompute: values.recompute ?? trainDefaults.recompute,
          accumulate: values.accumulate ?? trainDefaults.accumulate,
          engine: values.engine ?? trainDefaults.engine,
          device: values.device ?? trainDefaults.device,
          precision: values.precision ?? trainDefaults.precision,
          threads: values.threads ?? null,
        },
      },
      signal,
    );
    const { config, shared, rows, notes, held } = material;
    const comparison = await CompareFolder.open(values.out, config);
    const { executor, lines } = await openEngine({ ...shared, threads: shared.threads ?? undefined });
    for (const line of [...lines, ...notes]) output.note(line);
    const report = new CompareReport(output);
    const measure = async (adapters: string | null) => {
      const predictor = await openPredictor({ model: shared.model, adapters, executor });
      try {
        const random = new Random(config.evaluation.seed).fork('validation');
        const { settings } = config.evaluation;
        return await evaluateCases(predictor, held, random, {
          settings,
          signal,
          onProgress: caseProgress(output, 'images measured'),
        });
      } finally {
        await predictor.dispose();
      }
    };
    try {
      const { table, failures } = await compare({
        folder: comparison,
        rows,
        seeds,
        shared,
        budget: config.budget,
        evaluation: config.evaluation,
        model: material.model,
        notes,
        measure,
        context: {
          executor,
          signal,
          onRow: report.row,
          onEvent: report.event,
          onProgress: report.waiting,
        },
      });
      for (const { row, seed, message } of failures) output.note(`${row}, seed ${seed}, failed: ${message}`);
      output.result({ out: comparison.folder, ...table, notes, failures }, [
        tableMarkdown(table, notes),
        `tables: ${comparison.file('table.md')}, table.csv, table.json`,
      ]);
      return failures.length === 0 ? exitCodes.success : exitCodes.failure;
    } catch (error) {
      if (error instanceof CancelledError) output.note('the same command goes on from here');
      throw error;
    } finally {
      await executor.dispose();
    }
  },
);
