import { add, div, input, mul, reduceSum, reshape, relu, sqrt, square, sub, type Tensor } from '../graph';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Largest gradient norm over all parameters; null leaves gradients as they are. */
  readonly clipNorm: number | null;
}

export const adamWDefaults: AdamWOptions = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  clipNorm: null,
};

/** Parameters and both moments, each one flat vector [P]. */
export interface FlatState {
  readonly parameters: Tensor;
  readonly firstMoment: Tensor;
  readonly secondMoment: Tensor;
}

export const scheduleInputs = {
  /** Learning rate of this step: []. */
  learningRate: 'schedule.learning_rate',
  /** 1 − β₁ᵗ and 1 − β₂ᵗ, t counted from 1: []. */
  correction1: 'schedule.correction1',
  correction2: 'schedule.correction2',
} as const;

/** The numbers that `scheduleInputs` wants at step t (from 1). */
export const scheduleAt = (step: number, learningRate: number, { beta1, beta2 }: AdamWOptions) => ({
  [scheduleInputs.learningRate]: learningRate,
  [scheduleInputs.correction1]: 1 - beta1 ** step,
  [scheduleInputs.correction2]: 1 - beta2 ** step,
});

/**
 * One AdamW step (Loshchilov & Hutter, arXiv 1711.05101), decay decoupled, as PyTorch computes it.
 * gradient: [P] → the state after the step and the gradient's norm before clipping.
 */
export function adamWStep(state: FlatState, gradient: Tensor, options: AdamWOptions): FlatState & { norm: Tensor } {
  const { beta1, beta2, epsilon, weightDecay, clipNorm } = options;
  const rate = input(scheduleInputs.learningRate, []);
  const norm = sqrt(reshape(reduceSum(square(gradient), [0]), []));
  const g = clipNorm === null ? gradient : mul(gradient, clipFactor(norm, clipNorm));
  const firstMoment = add(mul(state.firstMoment, beta1), mul(g, 1 - beta1));
  const secondMoment = add(mul(state.secondMoment, beta2), mul(square(g), 1 - beta2));
  const root = add(sqrt(div(secondMoment, input(scheduleInputs.correction2, []))), epsilon);
  const update = div(div(firstMoment, root), input(scheduleInputs.correction1, []));
  const decayed = mul(state.parameters, sub(1, mul(rate, weightDecay)));
  return { parameters: sub(decayed, mul(update, rate)), firstMoment, secondMoment, norm };
}

/** min(1, limit / norm) = 1 − relu(1 − limit / norm) */
const clipFactor = (norm: Tensor, limit: number): Tensor => sub(1, relu(sub(1, div(limit, add(norm, 1e-6)))));
