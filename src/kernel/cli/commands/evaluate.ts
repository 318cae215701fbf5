import { openDataset, Random, splitCases, type Case, type OpenOptions } from '../../datasets';
import { promptSettings } from '../../datasets/types';
import { UsageError } from '../../errors';
import { scoresCsv, summarise } from '../../evaluation';
import { writeFileAtomically } from '../../files';
import { embeddedModel, openPredictor } from '../../inference';
import { evaluateCases } from '../../inference/evaluate';
import { heldOutOf } from '../../training/heldOut';
import { command, exitCodes, json } from '../command';
import { adapters, classes, data, file, folder, layout, model } from '../commonOptions';
import { device, precision } from '../device';
import { engine, openEngine } from '../engine';
import { caseProgress, evaluationLines, settingsJson } from '../evaluationReport';
import { choices, whole } from '../options';
import { fold, requireAtMostOne, splitSeed } from '../splitOptions';

/** med-sa evaluate */
export const evaluate = command(
  {
    name: 'evaluate',
    summary: 'Measure Dice, IoU and HD95 against the masks of a data set, per class and kind of prompt.',
    operands: [],
    options: {
      data: { ...data, required: false as const },
      layout,
      classes,
      split: folder('Measure on what this run held out for validation, instead of --data'),
      fold: {
        ...fold,
        description: 'Measure on fold K of N alone, counted from 0, as med-sa train --fold holds it out',
      },
      'split-seed': { ...splitSeed, description: 'Which groups are in a fold (default 0)' },
      model,
      adapters,
      prompts: choices(promptSettings, `Kinds of prompts (default all: ${promptSettings.join(',')})`),
      csv: file('Write a line for each image or volume, class and kind of prompt'),
      seed: whole(0, 'Where simulated prompts are placed, and what the bootstrap draws (default 0)'),
      engine,
      device,
      precision,
      json,
    },
    notes: [
      'Prompts are simulated from the masks; the same seed asks every model the same questions.',
      'Volumes are measured in space: every slice that shows a class is prompted. HD95 is in mm where the files tell',
      'their spacing, else in pixels. Intervals are drawn by group (patient).',
    ],
  },
  async ({ values, output, interrupts: { signal } }) => {
    const started = performance.now();
    for (const other of ['data', 'layout', 'classes', 'fold']) requireAtMostOne(values, ['split', other]);
    const { cases, data, model = embeddedModel } = await casesOf(values, signal);
    const { engine = 'onnx', device: request = 'auto', precision } = values;
    const { executor, lines } = await openEngine({ engine, device: request, precision });
    const predictor = await openPredictor({
      model: values.model ?? model,
      adapters: values.adapters ?? null,
      executor,
      ownsExecutor: true,
    });
    for (const line of lines) output.note(line);
    try {
      const { seed = 0, prompts: settings = promptSettings } = values;
      const scores = await evaluateCases(predictor, cases, new Random(seed).fork('validation'), {
        settings,
        signal,
        onProgress: caseProgress(output, 'images evaluated'),
      });
      if (values.csv !== undefined) await writeFileAtomically(values.csv, [Buffer.from(scoresCsv(scores))]);
      const summaries = summarise(scores, seed);
      const { model, adapters, device } = predictor;
      const counts = { cases: cases.length, samples: scores.length / settings.length };
      const asked = { model, adapters, engine, device, seed, split: values.split ?? null, fold: values.fold ?? null };
      const seconds = (performance.now() - started) / 1000;
      output.result({ data, ...counts, settings: settingsJson(summaries), ...asked, seconds }, [
        `${model}${adapters === null ? '' : ` with ${adapters}`} on ${device}: ${cases.length} images of ${data}`,
        ...evaluationLines(summaries),
        ...(values.csv === undefined ? [] : [`every answer: ${values.csv}`]),
      ]);
    } finally {
      await predictor.dispose();
    }
    return exitCodes.success;
  },
);

interface Selection extends OpenOptions {
  readonly data?: string;
  readonly split?: string;
  readonly fold?: { readonly fold: number; readonly folds: number };
  readonly 'split-seed'?: number;
}

/** What is to be measured, where it lies, and the model that a run began with. */
async function casesOf(
  { data, split, fold, layout, classes, 'split-seed': seed }: Selection,
  signal: AbortSignal,
): Promise<{ readonly data: string; readonly cases: readonly Case[]; readonly model?: string }> {
  if (split !== undefined) return heldOutOf(split, signal);
  if (data === undefined) throw new UsageError('--data or --split is needed: what is to be measured?');
  const { cases } = await openDataset(data, { layout, classes, signal });
  return { data, cases: fold === undefined ? cases : splitCases(cases, { ...fold, seed: seed ?? 0 }).validation };
}
