import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCase, openDataset, Random, type Case } from '../../../src/kernel/datasets';
import { hd95, type Score } from '../../../src/kernel/evaluation';
import { SamPredictor } from '../../../src/kernel/inference';
import { answerCase } from '../../../src/kernel/inference/caseAnswers';
import { evaluateCases, type EvaluationProgress } from '../../../src/kernel/inference/evaluate';
import { slicedCase } from '../../../src/kernel/inference/slicedCase';
import type { Executor } from '../../../src/kernel/runtime/types';
import { bare } from '../../../src/kernel/sam/seams';
import { constantWeights } from '../../../src/kernel/sam/weights';
import { testExecutor } from '../../support/executor';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs, tinyConfig, tinyTensors } from '../../support/tinyModel';
import { drawTinyVolumes } from '../../support/tinyVolumes';

const folder = temporaryFolder('evaluate');
const settings = ['1-point', '3-points', 'bbox-0.75'] as const;
const random = (): Random => new Random(1);
const held = { now: 0 };
let predictor: SamPredictor;
let pictures: readonly Case[];
let volumes: readonly Case[];

beforeAll(async () => {
  const model = { config: tinyConfig, weights: constantWeights(tinyTensors(3)), seams: bare };
  const executor = countingHeld(await testExecutor());
  predictor = new SamPredictor({ model, executor, modelName: 'tiny', adaptersName: null });
  await drawTinyPairs(path.join(folder, 'pictures'), 4);
  await drawTinyVolumes(path.join(folder, 'volumes'), 2);
  pictures = (await openDataset(path.join(folder, 'pictures'))).cases;
  volumes = (await openDataset(path.join(folder, 'volumes'))).cases;
}, 60_000);

/** Counts what stays inside of the executor. */
function countingHeld(inner: Executor): Executor {
  return {
    ...inner,
    runKeeping: async (...request) => {
      const results = await inner.runKeeping(...request);
      held.now += Object.keys(results.held).length;
      return results;
    },
    free: (tensor) => (held.now--, inner.free(tensor)),
  };
}

describe('evaluateCases', () => {
  it('scores every picture under every setting, the same way every time, and frees what it encoded', async () => {
    const scores = await evaluateCases(predictor, pictures, random(), { settings });
    expect(scores).toHaveLength(4 * settings.length);
    expect(scores.map((score) => score.setting)).toEqual(pictures.flatMap(() => settings));
    expect(new Set(scores.map(({ group }) => group))).toEqual(new Set(['subject-0', 'subject-1']));
    for (const { dice, iou, unit, className } of scores) {
      // Dice and IoU of the same two masks: D = 2·I / (1 + I).
      expect(dice).toBeCloseTo((2 * iou) / (1 + iou), 6);
      expect({ unit, className }).toEqual({ unit: 'px', className: 'target' });
    }
    expect(held.now).toBe(0);
    expect(await evaluateCases(predictor, pictures, random(), { settings })).toEqual(scores);
  });

  it('asks the same, whichever other cases and settings are asked', async () => {
    const all = await evaluateCases(predictor, pictures, random(), { settings });
    const one = await evaluateCases(predictor, [pictures[2]], random(), { settings: ['bbox-0.75'] });
    expect(one).toEqual(all.filter(({ case: id, setting }) => id === pictures[2].id && setting === 'bbox-0.75'));
  });

  it('scores a volume in space, per class, from the answers of the slices that show it', async () => {
    const [item] = volumes;
    const scores = await evaluateCases(predictor, [item], random(), { settings: ['1-point'] });
    expect(scores.map(({ className }) => className)).toEqual(['1', '2']);
    // The same answers put together by hand.
    const loaded = await loadCase(item);
    const { size } = loaded.image;
    const pixels = size[0] * size[1];
    const found = new Map(['1', '2'].map((name) => [name, new Uint8Array(pixels * size[2])]));
    const asked = new Set<string>();
    const own = random().fork(item.id);
    for await (const { className, slice, mask } of answerCase(predictor, slicedCase(item.id, loaded), own, {
      settings: ['1-point'],
    })) {
      found.get(className)!.set(mask.data, slice * pixels);
      asked.add(`${className} ${slice}`);
    }
    const shown = ['1', '2'].flatMap((name) => {
      const voxels = loaded.masks.get(name)!;
      const slices = [...Array(size[2]).keys()];
      return slices.filter((k) => voxels.subarray(k * pixels, (k + 1) * pixels).includes(1)).map((k) => `${name} ${k}`);
    });
    expect(asked).toEqual(new Set(shown));
    expect(shown.length).toBeLessThan(2 * size[2]);
    for (const score of scores) {
      const [answer, target] = [found.get(score.className)!, loaded.masks.get(score.className)!];
      let both = 0;
      for (let i = 0; i < answer.length; i++) both += answer[i] & target[i];
      const area = (data: Uint8Array): number => data.reduce((sum, value) => sum + value, 0);
      expect(score.dice).toBeCloseTo((2 * both) / (area(answer) + area(target)), 12);
      expect(score.hd95).toBe(hd95({ size, data: answer }, { size, data: target }, [1, 1, 2]));
      expect(score.unit).toBe('mm');
    }
  });

  it('tells how far it has come, stops between two slices, and leaves nothing encoded', async () => {
    const stop = new AbortController();
    const told: EvaluationProgress[] = [];
    const onProgress = (progress: EvaluationProgress): void => {
      told.push(progress);
      if (progress.slice > 4) stop.abort();
    };
    const scoring = evaluateCases(predictor, volumes, random(), {
      settings: ['1-point'],
      signal: stop.signal,
      onProgress,
    });
    await expect(scoring).rejects.toThrow(/cancelled/);
    expect(told.at(-1)).toMatchObject({ done: 0, total: 2, slices: 10 });
    expect(held.now).toBe(0);
  });

  it('says so when no case shows a class', async () => {
    const scoring = async (): Promise<Score[]> => evaluateCases(predictor, [], random(), { settings });
    await expect(scoring()).rejects.toThrow(/none of the 0 images shows a class/);
  });
});
