import {
  add,
  broadcastTo,
  compile,
  div,
  gradients,
  input,
  meanAll,
  mul,
  reduceSum,
  relu,
  reshape,
  slice,
  sub,
  type CompiledGraph,
  type Tensor,
  type TensorData,
} from '../graph';
import { decodePrompts, encodeImages, type SamModel } from '../sam/sam';
import { gridOf, maskTokens, type SamConfig } from '../sam/config';
import { attachedSeams } from '../medsa/attachment';
import type { AttachmentOptions } from '../medsa/options';
import { adamWStep, type AdamWOptions } from './adamw';
import { iouLoss, maskLoss, reachedIou, type LossName } from './losses';
import { mixedWeights } from '../sam/weights';
import { ParameterLayout } from './parameters';

/** Everything that shapes the graph of one optimiser step. */
export interface TrainStepOptions {
  readonly config: SamConfig;
  /** null: nothing attached (`tune: full`, `tune: decoder`). */
  readonly adapters: AttachmentOptions | null;
  readonly layout: ParameterLayout;
  /** Tensors that do not train. */
  readonly frozen: ReadonlyMap<string, TensorData>;
  /** 'image': the encoder is part of the step; 'embedding': embeddings are fed (`tune: decoder`). */
  readonly from: 'image' | 'embedding';
  readonly images: number;
  readonly promptsPerImage: number;
  /** Prompt tokens of each sample, padding included. */
  readonly tokens: number;
  /** Side of the targets that the loss sees. */
  readonly targetSide: number;
  readonly loss: LossName;
  /** Weight of the IoU head's error; 0 leaves it out. */
  readonly iouWeight: number;
  /** Train the three ambiguous masks too, through the best of them (SAM §3, "Resolving ambiguity"). */
  readonly multimask: boolean;
  readonly optimiser: AdamWOptions;
}

export const stepInputs = {
  /** [images, 3, S, S], normalised */
  image: 'image',
  /** [images, C, g, g] */
  embedding: 'embedding',
  /** [B, P, 2] */
  points: 'points',
  /** [B, P] */
  labels: 'labels',
  /** [B, 1, 4g, 4g] */
  masks: 'masks',
  /** [B] */
  hasMask: 'has_mask',
  /** [B, 1, targetSide, targetSide], 0..1 */
  target: 'target',
  parameters: 'parameters',
  firstMoment: 'first_moment',
  secondMoment: 'second_moment',
} as const;

/** Forward, loss, backward and optimiser as one program; B = images · promptsPerImage. */
export function compileTrainStep(options: TrainStepOptions): CompiledGraph {
  const { config, layout, images, promptsPerImage, tokens } = options;
  const batch = images * promptsPerImage;
  const side = 4 * gridOf(config);
  const parameters = layout.read(stepInputs.parameters);
  const model = trainingModel(options, parameters.tensors);

  const embedding = repeatEach(embeddingOf(model, options), promptsPerImage);
  const outputs = decodePrompts(model, embedding, {
    points: input(stepInputs.points, [batch, tokens, 2]),
    labels: input(stepInputs.labels, [batch, tokens]),
    masks: input(stepInputs.masks, [batch, 1, side, side]),
    hasMask: input(stepInputs.hasMask, [batch]),
  });
  const target = input(stepInputs.target, [batch, 1, options.targetSide, options.targetSide]);
  const { loss, mask, iou } = stepLoss(outputs, target, options);

  const gradient = ParameterLayout.flatten(
    gradients(
      loss,
      layout.names.map((name) => parameters.tensors.get(name)!),
    ),
  );
  const state = {
    parameters: parameters.flat,
    firstMoment: input(stepInputs.firstMoment, [layout.size]),
    secondMoment: input(stepInputs.secondMoment, [layout.size]),
  };
  const next = adamWStep(state, gradient, options.optimiser);
  return compile(`train-step-${options.from}-${images}x${promptsPerImage}-${tokens}`, {
    loss,
    low_res_masks: mask,
    iou,
    gradient_norm: next.norm,
    gradient,
    next_parameters: next.parameters,
    next_first_moment: next.firstMoment,
    next_second_moment: next.secondMoment,
  });
}

/** The model whose trainable tensors are graph inputs and whose other tensors are constants. */
export function trainingModel(
  { config, adapters, frozen }: Pick<TrainStepOptions, 'config' | 'adapters' | 'frozen'>,
  trainable: ReadonlyMap<string, Tensor>,
): SamModel {
  const weights = mixedWeights(trainable, frozen);
  return { config, weights, seams: attachedSeams(weights, adapters) };
}

function embeddingOf(model: SamModel, { config, from, images }: TrainStepOptions): Tensor {
  const grid = gridOf(config);
  if (from === 'embedding') return input(stepInputs.embedding, [images, config.outChannels, grid, grid]);
  return encodeImages(model, input(stepInputs.image, [images, 3, config.imageSize, config.imageSize]));
}

/** Each image's embedding once per prompt. [I, C, g, g] → [I·n, C, g, g] */
function repeatEach(embedding: Tensor, n: number): Tensor {
  if (n === 1) return embedding;
  const [images, ...map] = embedding.shape;
  return reshape(broadcastTo(reshape(embedding, [images, 1, ...map]), [images, n, ...map]), [images * n, ...map]);
}

interface StepLoss {
  /** [] */
  readonly loss: Tensor;
  /** The single answer: [B, 1, 4g, 4g] logits, [B, 1] estimated IoU. */
  readonly mask: Tensor;
  readonly iou: Tensor;
}

function stepLoss(
  outputs: { readonly masks: Tensor; readonly iou: Tensor },
  target: Tensor,
  { loss: name, iouWeight, multimask }: TrainStepOptions,
): StepLoss {
  const token = (index: number): Tensor => slice(outputs.masks, 1, index, index + 1);
  const estimate = (index: number): Tensor => reshape(slice(outputs.iou, 1, index, index + 1), [target.shape[0]]);
  const mask = token(0);
  let loss = meanAll(maskLoss(name, mask, target));
  if (iouWeight > 0) loss = add(loss, mul(iouLoss(estimate(0), reachedIou(mask, target)), iouWeight));
  if (multimask) {
    // At the logits' own size: three more masks at full size would cost more than the encoder of a small model.
    const small = areaAverage(target, mask.shape[2]);
    const candidates = Array.from({ length: maskTokens - 1 }, (_, index) => token(index + 1));
    const each = candidates.map((candidate) => maskLoss(name, candidate, small));
    loss = add(loss, meanAll(each.reduce((best, other) => sub(best, relu(sub(best, other))))));
    candidates.forEach((candidate, index) => {
      loss = add(loss, mul(iouLoss(estimate(index + 1), reachedIou(candidate, small)), iouWeight / candidates.length));
    });
  }
  return { loss, mask, iou: slice(outputs.iou, 1, 0, 1) };
}

/** Means over equal tiles. [B, 1, S, S] → [B, 1, side, side] */
function areaAverage(x: Tensor, side: number): Tensor {
  const [batch, , height] = x.shape;
  const n = height / side;
  const tiles = reshape(x, [batch, side, n, side, n]);
  return reshape(div(reduceSum(tiles, [2, 4]), n * n), [batch, 1, side, side]);
}
