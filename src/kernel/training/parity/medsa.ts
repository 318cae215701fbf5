import { UserError } from '../../errors';
import { gradients, input, meanAll, slice, tensorData, type Tensor, type TensorData } from '../../graph';
import type { Executor } from '../../runtime/types';
import { gridOf } from '../../sam/config';
import { decodePrompts, encodeImages } from '../../sam/sam';
import { adamWDefaults, scheduleAt } from '../adamw';
import { maskLoss, type LossName } from '../losses';
import { ParameterLayout } from '../parameters';
import { compileTrainStep, stepInputs, trainingModel } from '../trainStep';
import type { ParityTable } from './compare';
import type { AttachedSet, ParityFolder } from './folder';
import { golden, promptFeeds, runOnce, type Tensors } from './sam';

const lossesOf: Readonly<Record<string, LossName>> = { dice_ce: 'dice-ce', focal_dice: 'focal-dice' };

const shapesOf = (tensors: Tensors): Map<string, readonly number[]> =>
  new Map([...tensors].map(([name, { shape }]) => [name, shape]));

const noMask = (batch: number, side: number): { masks: TensorData; has_mask: TensorData } => ({
  masks: tensorData([batch, 1, side, side], new Float32Array(batch * side * side)),
  has_mask: tensorData([batch], new Float32Array(batch)),
});

/**
 * SAM with adapters or LoRA: outputs, both losses and the gradient of every attached tensor. Goldens of large models may
 * hold no gradients at all; once they hold one, they must hold every one.
 */
export async function checkAttached(
  folder: ParityFolder,
  executor: Executor,
  table: ParityTable,
  set: AttachedSet,
): Promise<void> {
  const { sam: config, attached } = folder.config;
  const adapters = attached[set];
  if (adapters === undefined) {
    throw new UserError(`${folder.folder} holds goldens of ${set}, and its config.json none of its options`, {
      file: folder.folder,
    });
  }
  const io = await folder.tensors(`${set}_io.safetensors`);
  const trained = await folder.tensors(`${set}_adapters.safetensors`);
  const frozen = await folder.frozen(set);
  const withGradients = [...io.keys()].some((name) => name.startsWith('grad.'));
  const image = golden(io, 'image');
  const target = golden(io, 'target');
  const { points, labels } = promptFeeds(io, '');

  const trainable = new Map<string, Tensor>([...trained].map(([name, { shape }]) => [name, input(name, shape)]));
  const model = trainingModel({ config, adapters, frozen }, trainable);
  const embedding = encodeImages(model, input('image', image.shape));
  const blank = noMask(image.shape[0], 4 * gridOf(config));
  const decoded = decodePrompts(model, embedding, {
    points: input('points', points.shape),
    labels: input('labels', labels.shape),
    masks: input('masks', blank.masks.shape),
    hasMask: input('has_mask', blank.has_mask.shape),
  });
  const lowRes = slice(decoded.masks, 1, 0, 1);
  const outputs: Record<string, Tensor> = { embedding, low_res_masks: lowRes, iou: slice(decoded.iou, 1, 0, 1) };
  const targetInput = input('target', target.shape);
  for (const [key, name] of Object.entries(lossesOf)) {
    const loss = meanAll(maskLoss(name, lowRes, targetInput));
    outputs[`loss.${key}`] = loss;
    if (!withGradients) continue;
    gradients(loss, [...trainable.values()]).forEach((gradient, index) => {
      outputs[`grad.${key}.${[...trainable.keys()][index]}`] = gradient;
    });
  }
  const feeds = { image, points, labels, ...blank, target, ...Object.fromEntries(trained) };
  const ours = await runOnce(executor, `parity-${set}`, outputs, feeds);
  for (const [name, value] of Object.entries(ours)) {
    const [kind, tolerance] = name.startsWith('grad.')
      ? ['gradients', table.tolerances.gradients]
      : ['outputs', table.tolerances.outputs];
    table.compare(`${set} ${kind}`, tolerance, name, value, golden(io, name));
  }
}

/** Five optimiser steps through the product's own training step. */
export async function checkAdamW(folder: ParityFolder, executor: Executor, table: ParityTable): Promise<void> {
  const io = await folder.tensors('adamw_io.safetensors');
  const before = await folder.tensors('adamw_before.safetensors');
  const after = await folder.tensors('adamw_after.safetensors');
  const { sam: config, attached } = folder.config;
  const layout = new ParameterLayout(shapesOf(before));
  const { points, labels } = promptFeeds(io, '');
  const image = golden(io, 'image');
  const [batch] = labels.shape;
  const program = compileTrainStep({
    config,
    adapters: attached.medsa2d,
    layout,
    frozen: await folder.frozen('adamw'),
    from: 'image',
    images: batch,
    promptsPerImage: 1,
    targetSide: config.imageSize,
    loss: 'dice-ce',
    iouWeight: 0,
    multimask: false,
    optimiser: adamWDefaults,
  });
  const loaded = await executor.load(program);
  let state = {
    [stepInputs.parameters]: tensorData([layout.size], layout.pack(before)),
    [stepInputs.firstMoment]: tensorData([layout.size], new Float32Array(layout.size)),
    [stepInputs.secondMoment]: tensorData([layout.size], new Float32Array(layout.size)),
  };
  const expectedLosses = golden(io, 'losses').data;
  const losses: number[] = [];
  for (let step = 1; step <= expectedLosses.length; step++) {
    const schedule = Object.entries(scheduleAt(step, 1e-3, adamWDefaults)).map(
      ([name, value]) => [name, tensorData([], [value])] as const,
    );
    const feeds = { image, points, labels, ...noMask(batch, 4 * gridOf(config)), target: golden(io, 'target') };
    const result = await executor.run(loaded, { ...feeds, ...state, ...Object.fromEntries(schedule) });
    losses.push(result.loss.data[0]);
    state = {
      [stepInputs.parameters]: result.next_parameters,
      [stepInputs.firstMoment]: result.next_first_moment,
      [stepInputs.secondMoment]: result.next_second_moment,
    };
  }
  await executor.release(loaded);
  table.compare(
    'adamw losses',
    table.tolerances.outputs,
    'losses',
    tensorData([losses.length], losses),
    golden(io, 'losses'),
  );
  for (const [name, tensor] of layout.unpack(state[stepInputs.parameters].data)) {
    table.compare('adamw parameters', table.tolerances.gradients, name, tensor, golden(after, name));
  }
}
