import {
  add,
  after,
  broadcastTo,
  compileSymbolic,
  concat,
  gradients,
  input,
  keep,
  mul,
  reshape,
  Segments,
  slice,
  type CompiledGraph,
  type Tensor,
  type TensorData,
} from '../graph';
import type { EncoderSegments } from '../sam/imageEncoder';
import { decodePrompts, encodeImages, type SamModel } from '../sam/sam';
import { gridOf, type SamConfig } from '../sam/config';
import { attachedSeams } from '../medsa/attachment';
import { isLora, type AttachmentOptions } from '../medsa/options';
import { adamWStep, type AdamWOptions } from './adamw';
import { mixedWeights } from '../sam/weights';
import { ParameterLayout } from './parameters';
import { stepLoss, type StepLossOptions } from './stepLoss';

/** Everything that shapes the graph of one optimiser step. */
export interface TrainStepOptions extends StepLossOptions {
  readonly config: SamConfig;
  /** null: nothing attached (`tune: full`, `tune: decoder`). */
  readonly adapters: AttachmentOptions | null;
  readonly layout: ParameterLayout;
  /** Tensors that do not train. */
  readonly frozen: ReadonlyMap<string, TensorData>;
  /** 'image': the encoder is part of the step; 'embedding': embeddings are fed (`tune: decoder`). */
  readonly from: 'image' | 'embedding';
  /** With SD-Trans a multiple of the chunk's slices, whose images stand side by side. */
  readonly images: number;
  readonly promptsPerImage: number;
  /** Side of the targets that the loss sees. */
  readonly targetSide: number;
  readonly optimiser: AdamWOptions;
  /** What the backward pass computes again instead of keeping it: nothing, or the inside of every encoder block. */
  readonly recompute?: Recompute;
  /** Parts of the batch that pass one after another, their gradients added up; 1 by default. At most `images`, or chunks. */
  readonly accumulate?: number;
}

export const recomputeNames = ['none', 'blocks'] as const;
export type Recompute = (typeof recomputeNames)[number];

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

/** What a trainer reads of a step, besides the parts of the loss. */
export const stepOutputs = [
  'loss',
  'gradient_norm',
  'low_res_masks',
  'next_parameters',
  'next_first_moment',
  'next_second_moment',
] as const;

/** Outputs `loss.dice`, `loss.iou` …: what the loss is the sum of, weights included. */
export const lossPartPrefix = 'loss.';

/**
 * Forward, loss, backward and optimiser as one program; B = images · promptsPerImage. It takes any number P of prompt
 * tokens (padding included), so that a corrective click waits for no session: measured on the CPU, a step of the embedded
 * model takes the same time and memory as with P fixed, to the same bits. The number of images stays fixed: attention
 * takes as many turns as a batch needs.
 */
export const compileTrainStep = (options: TrainStepOptions): CompiledGraph =>
  compileSymbolic(`train-step-${options.from}-${options.images}x${options.promptsPerImage}`, ['tokens'], ({ tokens }) =>
    stepTensors(options, tokens),
  );

/** The outputs of a step for a number of prompt tokens. */
export function stepTensors(options: TrainStepOptions, tokens: number) {
  const { layout, images, promptsPerImage, accumulate = 1 } = options;
  const parameters = layout.read(stepInputs.parameters);
  const trainable = layout.names.map((name) => parameters.tensors.get(name)!);
  const feeds = batchInputs(options, tokens);
  const whole = trainingModel(options, parameters.tensors);
  let sum: Sum | undefined;
  const answers: { readonly mask: Tensor; readonly iou: Tensor }[] = [];
  for (const [start, end] of partsOf(images, accumulate, chunkOf(options))) {
    const before: Sum | undefined = sum;
    const range = [start * promptsPerImage, end * promptsPerImage] as const;
    // A part begins when the gradient of those before is there: only that is kept of them.
    const part = (name: keyof typeof feeds): Tensor => {
      const rows = name === 'seen' ? slice(feeds.seen, 0, start, end) : slice(feeds[name], 0, ...range);
      return name === 'seen' && before !== undefined ? after(rows, [before.gradient]) : rows;
    };
    const segments = new Segments();
    const model = { ...whole, segments: encoderSegments(segments, options.recompute) };
    const seen = part('seen');
    const embedding = repeatEach(options.from === 'embedding' ? seen : encodeImages(model, seen), promptsPerImage);
    const outputs = decodePrompts(model, embedding, {
      points: part('points'),
      labels: part('labels'),
      masks: part('masks'),
      hasMask: part('hasMask'),
    });
    const { loss, parts, mask, iou } = stepLoss(outputs, part('target'), options);
    answers.push({ mask, iou });
    const weight = (end - start) / images;
    const share = mul(loss, weight);
    const gradient = ParameterLayout.flatten(gradients(share, trainable, segments));
    sum = added(before, { loss: share, parts: scaled(parts, weight), gradient });
  }
  const { loss, parts, gradient } = sum!;
  const state = {
    parameters: parameters.flat,
    firstMoment: input(stepInputs.firstMoment, [layout.size]),
    secondMoment: input(stepInputs.secondMoment, [layout.size]),
  };
  const next = adamWStep(state, gradient, options.optimiser);
  return {
    loss,
    ...Object.fromEntries(Object.entries(parts).map(([name, part]) => [`${lossPartPrefix}${name}`, part])),
    low_res_masks: concat(
      answers.map(({ mask }) => mask),
      0,
    ),
    iou: concat(
      answers.map(({ iou }) => iou),
      0,
    ),
    gradient_norm: next.norm,
    gradient,
    next_parameters: next.parameters,
    next_first_moment: next.firstMoment,
    next_second_moment: next.secondMoment,
  };
}

/** The inputs that belong to the batch; `seen` is what the decoder's image comes from. */
function batchInputs({ config, from, images, promptsPerImage, targetSide }: TrainStepOptions, tokens: number) {
  const batch = images * promptsPerImage;
  const grid = gridOf(config);
  return {
    seen:
      from === 'embedding'
        ? input(stepInputs.embedding, [images, config.outChannels, grid, grid])
        : input(stepInputs.image, [images, 3, config.imageSize, config.imageSize]),
    points: input(stepInputs.points, [batch, tokens, 2]),
    labels: input(stepInputs.labels, [batch, tokens]),
    masks: input(stepInputs.masks, [batch, 1, 4 * grid, 4 * grid]),
    hasMask: input(stepInputs.hasMask, [batch]),
    target: input(stepInputs.target, [batch, 1, targetSide, targetSide]),
  };
}

/** What the parts of a batch add up to. */
interface Sum {
  readonly loss: Tensor;
  readonly parts: Readonly<Record<string, Tensor>>;
  readonly gradient: Tensor;
}

const added = (a: Sum | undefined, b: Sum): Sum =>
  a === undefined
    ? b
    : {
        loss: add(a.loss, b.loss),
        parts: Object.fromEntries(Object.entries(b.parts).map(([name, part]) => [name, add(a.parts[name], part)])),
        gradient: add(a.gradient, b.gradient),
      };

const scaled = (parts: Sum['parts'], weight: number): Sum['parts'] =>
  Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, mul(part, weight)]));

/** Images that see each other and stay in one part: a depth chunk's slices (SD-Trans), else 1. */
export const chunkOf = ({ adapters }: Pick<TrainStepOptions, 'adapters'>): number =>
  adapters === null || isLora(adapters) ? 1 : (adapters.slices ?? 1);

/** [start, end) of `count` parts of nearly equal size, each of whole chunks. */
function partsOf(total: number, count: number, chunk: number): (readonly [number, number])[] {
  const chunks = total / chunk;
  const parts = Math.min(count, chunks);
  const bound = (index: number): number => chunk * Math.floor((index * chunks) / parts);
  return Array.from({ length: parts }, (_, index) => [bound(index), bound(index + 1)] as const);
}

/** The model whose trainable tensors are graph inputs and whose other tensors are constants. */
export function trainingModel(
  { config, adapters, frozen }: Pick<TrainStepOptions, 'config' | 'adapters' | 'frozen'>,
  trainable: ReadonlyMap<string, Tensor>,
): SamModel {
  const weights = mixedWeights(trainable, frozen);
  return { config, weights, seams: attachedSeams(weights, adapters) };
}

const encoderSegments = ({ run }: Segments, recompute: Recompute = 'none'): EncoderSegments => ({
  block: recompute === 'blocks' ? run : keep,
  attention: run,
});

/** Each image's embedding once per prompt. [I, C, g, g] → [I·n, C, g, g] */
function repeatEach(embedding: Tensor, n: number): Tensor {
  if (n === 1) return embedding;
  const [images, ...map] = embedding.shape;
  return reshape(broadcastTo(reshape(embedding, [images, 1, ...map]), [images, n, ...map]), [images * n, ...map]);
}
