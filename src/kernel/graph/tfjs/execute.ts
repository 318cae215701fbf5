import type * as tfjs from '@tensorflow/tfjs';
import { topologicalOrder } from '../differentiate';
import { isInput, type Primitive, type Tensor } from '../primitives';
import { sameShape, show } from '../shapes';
import { sizeOf, tensorData, type TensorData } from '../tensorData';
import { tfjsLowering, type Tfjs } from './lowering';

type Feeds = Readonly<Record<string, TensorData>>;

/**
 * Computes the outputs by TensorFlow.js, one operation after another, on its current backend. Feeds that the outputs
 * do not depend on are ignored.
 * @throws RangeError when an input's feed is missing or has another shape.
 */
export function runWithTfjs(
  tf: Tfjs,
  outputs: Readonly<Record<string, Tensor>>,
  feeds: Feeds,
): Record<string, TensorData> {
  return tidily(tf, () => {
    const targets = Object.values(outputs);
    const fed = new Map<Tensor, tfjs.Tensor>(inputsOf(targets).map((port) => [port, feed(tf, port, feeds)]));
    const values = evaluate(tf, targets, fed);
    return Object.fromEntries(Object.keys(outputs).map((name, index) => [name, read(values[index])]));
  });
}

/**
 * The gradients of a scalar with respect to inputs of its graph, by TensorFlow.js's own differentiation: a second
 * opinion on `gradients`. An input that the scalar does not depend on gets zeros.
 * @throws RangeError when an input's feed is missing or has another shape, or `scalar` is none.
 */
export function gradientsWithTfjs(
  tf: Tfjs,
  scalar: Tensor,
  inputs: readonly Tensor<'input'>[],
  feeds: Feeds,
): TensorData[] {
  if (scalar.shape.length !== 0) throw new RangeError(`only a scalar has gradients here, not ${show(scalar.shape)}`);
  return tidily(tf, () => {
    // tf.grads refuses what the scalar does not depend on, and needs something to differentiate by.
    const ports = inputsOf([scalar]);
    if (ports.length === 0) return inputs.map(zerosLike);
    const valueOf = (...values: tfjs.Tensor[]): tfjs.Tensor => {
      // A copy, so that a scalar that is itself an input depends on it by one operation.
      const fed = new Map<Tensor, tfjs.Tensor>(ports.map((port, index) => [port, tf.clone(values[index])]));
      return evaluate(tf, [scalar], fed)[0];
    };
    const all = tf.grads(valueOf)(ports.map((port) => feed(tf, port, feeds)));
    const found = new Map<Tensor, tfjs.Tensor>(ports.map((port, index) => [port, all[index]]));
    return inputs.map((port) => {
      const gradient = found.get(port);
      return gradient === undefined ? zerosLike(port) : read(gradient);
    });
  });
}

/** As tf.tidy, for work that returns plain data: the values made meanwhile are freed, also when it throws. */
function tidily<T>(tf: Tfjs, work: () => T): T {
  tf.engine().startScope();
  try {
    return work();
  } finally {
    tf.engine().endScope();
  }
}

function evaluate(tf: Tfjs, targets: readonly Tensor[], fed: ReadonlyMap<Tensor, tfjs.Tensor>): tfjs.Tensor[] {
  const values = new Map<Tensor, tfjs.Tensor>(fed);
  for (const tensor of topologicalOrder(targets)) {
    if (isInput(tensor)) continue;
    const lower = tfjsLowering[tensor.primitive as Exclude<Primitive, 'input'>] as (typeof tfjsLowering)['add'];
    const inputs = tensor.inputs.map((source) => values.get(source)!);
    values.set(tensor, lower(tf, tensor as Tensor<'add'>, inputs));
  }
  return targets.map((tensor) => values.get(tensor)!);
}

function feed(tf: Tfjs, { attributes: { name }, shape }: Tensor<'input'>, feeds: Feeds): tfjs.Tensor {
  if (!Object.hasOwn(feeds, name)) throw new RangeError(`the input ${name} ${show(shape)} has no feed`);
  const { data, shape: fedShape } = feeds[name];
  if (!sameShape(fedShape, shape)) {
    throw new RangeError(`the input ${name} has the shape ${show(shape)}, not ${show(fedShape)}`);
  }
  return tf.tensor(data, [...shape], 'float32');
}

/** Copied: on the CPU backend a value may share its memory with a feed or a constant. */
const read = (value: tfjs.Tensor): TensorData => tensorData(value.shape, Float32Array.from(value.dataSync()));

const zerosLike = ({ shape }: Tensor): TensorData => tensorData(shape, new Float32Array(sizeOf(shape)));

const inputsOf = (targets: readonly Tensor[]): Tensor<'input'>[] => topologicalOrder(targets).filter(isInput);
