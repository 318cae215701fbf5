// The engine tfjs against the engine onnx: one training course, and the predictor that validates it.
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readSafetensors } from '../../../src/kernel/checkpoints';
import type { Executor } from '../../../src/kernel/runtime/types';
import { createTfjsExecutor } from '../../../src/kernel/runtime/tfjs/executor';
import { startRun } from '../../../src/kernel/training/run';
import type { RunEvent } from '../../../src/protocol';
import { testExecutor } from '../../support/executor';
import { temporaryFolder } from '../../support/temporaryFolder';
import { tf } from '../../support/tfjs';
import { eventsOf, tinyMaterial, undisturbed } from './tinyRun';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

// Two float32 programs that sum in another order, one with an erf good to 1.5e-7: single steps differ in the sixth digit,
// and AdamW, which divides by the root of the second moment, carries that on where a gradient is next to nothing.
const lossTolerance = 1e-4;
const parameterTolerance = 1e-3;
/** A pixel whose logit is next to the threshold may fall on the other side. */
const diceTolerance = 1e-2;

const folder = temporaryFolder('tfjs-engine');
const runs = { onnx: path.join(folder, 'onnx'), tfjs: path.join(folder, 'tfjs') };

beforeAll(async () => {
  const material = await tinyMaterial(folder);
  const onnx = await testExecutor();
  const tfjs: Executor = createTfjsExecutor({ tf, device: 'cpu' });
  afterAll(() => tfjs.dispose());
  await startRun(material, runs.onnx, undisturbed(onnx));
  await startRun({ ...material, engine: 'tfjs' }, runs.tfjs, undisturbed(tfjs));
  // Whatever a run loaded or kept it has released: programs, embeddings, weights.
  expect(tf.memory().numTensors).toBe(0);
});

const ofType = <T extends RunEvent['type']>(run: string, type: T) =>
  eventsOf(run).filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);

it('losses agree over the steps of a run', () => {
  const [ours, theirs] = [ofType(runs.tfjs, 'step'), ofType(runs.onnx, 'step')];
  expect(ours.length).toBeGreaterThanOrEqual(5);
  expect(ours.map(({ step, epoch }) => [step, epoch])).toEqual(theirs.map(({ step, epoch }) => [step, epoch]));
  ours.forEach(({ loss }, index) => expect(Math.abs(loss / theirs[index].loss - 1)).toBeLessThan(lossTolerance));
});

it('validation, by the predictor, agrees', () => {
  const [ours, theirs] = [ofType(runs.tfjs, 'validation'), ofType(runs.onnx, 'validation')];
  expect(ours).toHaveLength(3);
  ours.forEach(({ metrics }, index) => {
    expect(Math.abs(metrics['1-point'].dice - theirs[index].metrics['1-point'].dice)).toBeLessThan(diceTolerance);
  });
});

it('parameters agree at the end, to a small part of what they moved', async () => {
  const [ours, theirs] = await Promise.all(
    [runs.tfjs, runs.onnx].map(async (run) => {
      const { tensors } = await readSafetensors(path.join(run, 'checkpoints', 'state.safetensors'));
      return tensors.get('parameters')!.data;
    }),
  );
  expect(ours.length).toBe(theirs.length);
  const distance = Math.hypot(...ours.map((value, index) => value - theirs[index]));
  expect(distance).toBeLessThan(parameterTolerance * Math.hypot(...theirs));
});
