import { topologicalOrder } from '../graph';
import type { Primitive, Tensor } from '../graph';
import { sizeOf } from '../graph/tensorData';

/**
 * How ONNX Runtime's CPU executor lays out the values of a program, as far as it decides the peak of memory: the order
 * of execution (depth first from the outputs), which results take over an input's buffer, which buffers it plans to use
 * again. Written after what the runtime does (1.30), and measured against it: `npm run bench -- memory`.
 */
export interface BufferPlan {
  /** Largest sum of the buffers alive at one time, bytes. */
  readonly peakBytes: number;
  /** Values computed from constants alone, which the runtime computes once and keeps. */
  readonly foldedBytes: number;
  /** Nodes that run. */
  readonly nodes: number;
}

/** Results that may take over the buffer of an input of their shape that nobody reads afterwards. */
const inPlace: ReadonlySet<Primitive> = new Set([
  'neg',
  'exp',
  'log',
  'sqrt',
  'abs',
  'erf',
  'softmax',
  'relu',
  'sigmoid',
  'softplus',
  'add',
  'sub',
  'mul',
  'div',
]);

/** The shape that the runtime first writes a value in: a product with a weight has rows, whatever they stand for. */
const writtenShape = ({ primitive, shape }: Tensor): readonly number[] =>
  primitive === 'affine' ? [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]] : shape;

/** One piece of memory and the steps between which it is held. */
interface Buffer {
  readonly bytes: number;
  /** Of the value that it was made for: only values of this very shape may use it again. */
  readonly shape: string;
  readonly from: number;
  until: number;
}

export function planBuffers(outputs: Readonly<Record<string, Tensor>>): BufferPlan {
  const targets = Object.values(outputs);
  const constant = constantsOf(targets);
  const fused = fusedTransposes(topologicalOrder(targets));
  const order = executionOrder(targets, fused).filter(
    (tensor) => !constant.has(tensor) && tensor.primitive !== 'input',
  );
  const step = new Map(order.map((tensor, index) => [tensor, index]));
  const lastUse = lastUses(order, fused, targets);

  const bufferOf = new Map<Tensor, Buffer>();
  const all: Buffer[] = [];
  const free: Buffer[] = [];
  const dying = new Map<number, Tensor[]>();
  for (const [tensor, index] of lastUse) {
    if (!step.has(tensor)) continue;
    dying.set(index, [...(dying.get(index) ?? []), tensor]);
  }
  const isOutput = new Set(targets);

  order.forEach((tensor, index) => {
    if (!fused.has(tensor)) bufferOf.set(tensor, place(tensor, index));
    for (const dead of dying.get(index) ?? []) release(dead, index);
  });

  function place(tensor: Tensor, index: number): Buffer {
    const sources = tensor.inputs.filter((source) => bufferOf.has(source));
    if (tensor.primitive === 'reshape' && sources.length > 0) return share(sources[0], tensor);
    const shape = writtenShape(tensor).join();
    const takenOver = inPlace.has(tensor.primitive)
      ? sources.find((source) => source.shape.join() === tensor.shape.join() && ends(source, index))
      : undefined;
    if (takenOver !== undefined) return share(takenOver, tensor);
    const known = free.findIndex((entry) => entry.shape === shape);
    if (known >= 0 && !isOutput.has(tensor)) {
      const [buffer] = free.splice(known, 1);
      buffer.until = lastUse.get(tensor) ?? index;
      return buffer;
    }
    const buffer = { bytes: 4 * sizeOf(tensor.shape), shape, from: index, until: lastUse.get(tensor) ?? index };
    all.push(buffer);
    return buffer;
  }

  function share(source: Tensor, tensor: Tensor): Buffer {
    const buffer = bufferOf.get(source)!;
    buffer.until = Math.max(buffer.until, lastUse.get(tensor) ?? 0);
    return buffer;
  }

  /** Whether nobody but this step reads the source's buffer any more. */
  function ends(source: Tensor, index: number): boolean {
    return bufferOf.get(source)!.until === index && !isOutput.has(source);
  }

  function release(dead: Tensor, index: number): void {
    const buffer = bufferOf.get(dead);
    if (buffer === undefined || buffer.until !== index || isOutput.has(dead)) return;
    if (!free.includes(buffer)) free.unshift(buffer);
  }

  return { peakBytes: peakOf(all), foldedBytes: foldedOf(order, constant), nodes: order.length };
}

/** The sum over time: at each step the buffers that are held. */
function peakOf(buffers: readonly Buffer[]): number {
  const changes = new Map<number, number>();
  const change = (at: number, bytes: number): void => void changes.set(at, (changes.get(at) ?? 0) + bytes);
  for (const { bytes, from, until } of buffers) {
    change(from, bytes);
    change(until + 1, -bytes);
  }
  let [held, peak] = [0, 0];
  for (const [, bytes] of [...changes].sort(([a], [b]) => a - b)) peak = Math.max(peak, (held += bytes));
  return peak;
}

/** What depends on no input. */
function constantsOf(targets: readonly Tensor[]): Set<Tensor> {
  const constant = new Set<Tensor>();
  for (const tensor of topologicalOrder(targets)) {
    if (tensor.primitive !== 'input' && tensor.inputs.every((source) => constant.has(source))) constant.add(tensor);
  }
  return constant;
}

/** Computed constants that a node of the program reads. */
function foldedOf(order: readonly Tensor[], constant: ReadonlySet<Tensor>): number {
  const read = new Set(order.flatMap(({ inputs }) => inputs.filter((source) => constant.has(source))));
  return [...read]
    .filter(({ primitive }) => primitive !== 'constant')
    .reduce((bytes, { shape }) => bytes + 4 * sizeOf(shape), 0);
}

/** Transposed matrices that only products read: the product reads the original the other way round. */
function fusedTransposes(order: readonly Tensor[]): Set<Tensor> {
  const fused = new Set<Tensor>(order.filter(swapsLastAxes));
  for (const tensor of order) {
    if (tensor.primitive === 'matMul') continue;
    for (const source of tensor.inputs) fused.delete(source);
  }
  return fused;
}

function swapsLastAxes(tensor: Tensor): boolean {
  if (tensor.primitive !== 'transpose') return false;
  const { permutation } = (tensor as Tensor<'transpose'>).attributes;
  const last = permutation.length - 1;
  return (
    permutation[last] === last - 1 &&
    permutation[last - 1] === last &&
    permutation.slice(0, -2).every((axis, position) => axis === position)
  );
}

/** The step at which each value is read for the last time; outputs are held to the end. */
function lastUses(
  order: readonly Tensor[],
  fused: ReadonlySet<Tensor>,
  targets: readonly Tensor[],
): Map<Tensor, number> {
  const last = new Map<Tensor, number>();
  order.forEach((tensor, index) => {
    if (!last.has(tensor)) last.set(tensor, index);
    for (const source of tensor.inputs) {
      last.set(source, index);
      if (fused.has(source)) last.set(source.inputs[0], index);
    }
  });
  for (const target of targets) last.set(target, order.length);
  return last;
}

/**
 * The runtime's order: depth first from the outputs, the last one first; of a node's inputs the one that was written
 * last into the model first.
 */
function executionOrder(targets: readonly Tensor[], fused: ReadonlySet<Tensor>): Tensor[] {
  const all = topologicalOrder(targets);
  const fusing = (tensor: Tensor): boolean => tensor.primitive === 'matMul' && tensor.inputs.some((x) => fused.has(x));
  const written = new Map(all.map((tensor, index) => [tensor, index + (fusing(tensor) ? all.length : 0)]));
  const order: Tensor[] = [];
  const entered = new Set<Tensor>();
  const stack: { readonly tensor: Tensor; readonly leave: boolean }[] = targets.map((tensor) => ({
    tensor,
    leave: false,
  }));
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { tensor, leave } = top;
    if (leave) {
      order.push(tensor);
      continue;
    }
    if (entered.has(tensor)) continue;
    entered.add(tensor);
    stack.push({ tensor, leave: true });
    const sources = [...new Set(tensor.inputs)].sort((a, b) => written.get(a)! - written.get(b)!);
    for (const source of sources) if (!entered.has(source)) stack.push({ tensor: source, leave: false });
  }
  return order;
}
