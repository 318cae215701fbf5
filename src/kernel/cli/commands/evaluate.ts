import { loadAll, openDataset, Random, samplesOf } from '../../datasets';
import { promptSettings } from '../../datasets/types';
import { summary } from '../../evaluation';
import { embeddedModel, openPredictor } from '../../inference';
import { evaluateSamples, type SampleScore } from '../../inference/evaluate';
import { command, exitCodes, json } from '../command';
import { adapters, classes, data, layout, model } from '../commonOptions';
import { device, precision } from '../device';
import { engine, openEngine } from '../engine';
import { choices, whole } from '../options';
import { tableLines } from '../table';

/** med-sa evaluate */
export const evaluate = command(
  {
    name: 'evaluate',
    summary: 'Measure Dice and IoU against the masks of a data set, for each kind of prompt.',
    operands: [],
    options: {
      data,
      layout,
      classes,
      model,
      adapters,
      prompts: choices(promptSettings, `Kinds of prompts (default all: ${promptSettings.join(',')})`),
      seed: whole(0, 'Where simulated prompts are placed (default 0)'),
      engine,
      device,
      precision,
      json,
    },
    notes: ['Prompts are simulated from the masks; the same seed asks every model the same questions.'],
  },
  async ({ values, output, interrupts: { signal } }) => {
    const started = performance.now();
    const { data } = values;
    const { cases } = await openDataset(data, { layout: values.layout, classes: values.classes, signal });
    const samples = await samplesOf(cases, { signal });
    const loaded = await loadAll(samples, { signal, onProgress: (...at) => output.progress('images read', ...at) });
    const { engine = 'onnx', device: request = 'auto', precision } = values;
    const { executor, lines } = await openEngine({ engine, device: request, precision });
    const predictor = await openPredictor({
      model: values.model ?? embeddedModel,
      adapters: values.adapters ?? null,
      executor,
      ownsExecutor: true,
    });
    for (const line of lines) output.note(line);
    try {
      const seed = values.seed ?? 0;
      const scores = await evaluateSamples(predictor, loaded, new Random(seed).fork('validation'), {
        settings: values.prompts ?? promptSettings,
        signal,
        onProgress: (...at) => output.progress('images evaluated', ...at),
      });
      const settings = Object.fromEntries(Object.entries(scores).map(([name, rows]) => [name, settingSummary(rows)]));
      const { model, adapters, device } = predictor;
      const seconds = (performance.now() - started) / 1000;
      output.result({ data, samples: loaded.length, settings, model, adapters, engine, device, seed, seconds }, [
        `${model}${adapters === null ? '' : ` with ${adapters}`} on ${device}: ${loaded.length} images of ${data}`,
        ...settingTable(settings),
      ]);
    } finally {
      await predictor.dispose();
    }
    return exitCodes.success;
  },
);

interface SettingSummary {
  readonly dice: { readonly mean: number; readonly std: number; readonly median: number };
  readonly iou: { readonly mean: number; readonly std: number; readonly median: number };
  readonly n: number;
}

function settingSummary(rows: readonly SampleScore[]): SettingSummary {
  const over = (values: readonly number[]) => {
    const { mean, deviation, median } = summary(values);
    return { mean, std: deviation, median };
  };
  return { dice: over(rows.map((row) => row.dice)), iou: over(rows.map((row) => row.iou)), n: rows.length };
}

function settingTable(settings: Readonly<Record<string, SettingSummary>>): string[] {
  const spread = ({ mean, std }: SettingSummary['dice']): string => `${mean.toFixed(4)} ± ${std.toFixed(4)}`;
  const rows = Object.entries(settings).map(([name, { dice, iou }]) => [
    name,
    spread(dice),
    dice.median.toFixed(4),
    spread(iou),
    iou.median.toFixed(4),
  ]);
  return tableLines([['prompts', 'Dice (mean ± std)', 'median', 'IoU (mean ± std)', 'median'], ...rows]);
}
