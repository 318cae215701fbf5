import type { Tensor } from './primitives';

/** A part of a graph whose inner values are not kept for the backward pass but computed once more. */
export interface Segment {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
}

/** Builds a part of a graph from its inputs. */
export type SegmentBody = (...inputs: readonly Tensor[]) => Tensor;

/** Collects the segments of a graph while it is built; `gradients` takes them. */
export class Segments {
  readonly #list: Segment[] = [];

  /** The body's result, remembered as a segment. */
  readonly run = (inputs: readonly Tensor[], body: SegmentBody): Tensor => {
    const output = body(...inputs);
    this.#list.push({ inputs, output });
    return output;
  };

  [Symbol.iterator](): Iterator<Segment> {
    return this.#list[Symbol.iterator]();
  }
}

/** Builds a part of a graph, as a segment or not. */
export type RunSegment = Segments['run'];

/** No segment: what is inside is kept. */
export const keep: RunSegment = (inputs, body) => body(...inputs);

/** A copy of a segment's nodes that computes from other inputs. */
export interface SegmentCopy {
  readonly output: Tensor;
  /** The copied nodes, inputs before users. */
  readonly nodes: readonly Tensor[];
  /** The copy of a node of the segment; any other tensor itself. */
  of(tensor: Tensor): Tensor;
}

/** Copies the nodes that the output needs and that depend on the inputs; all others (weights, say) are shared. */
export function copySegment({ inputs, output }: Segment, from: readonly Tensor[]): SegmentCopy {
  const copies = new Map<Tensor, Tensor>(inputs.map((input, index) => [input, from[index]]));
  const of = (tensor: Tensor): Tensor => copies.get(tensor) ?? tensor;
  const nodes: Tensor[] = [];
  for (const tensor of between(inputs, output)) {
    const copy = derive(tensor, tensor.inputs.map(of));
    copies.set(tensor, copy);
    nodes.push(copy);
  }
  return { output: of(output), nodes, of };
}

const derive = (tensor: Tensor, inputs: readonly Tensor[]): Tensor => ({ ...tensor, inputs });

/** The nodes on ways from the inputs to the output, inputs before users. The inputs are not among them. */
function between(inputs: readonly Tensor[], output: Tensor): Tensor[] {
  const depends = new Map<Tensor, boolean>(inputs.map((input) => [input, true]));
  const nodes: Tensor[] = [];
  const stack: { readonly tensor: Tensor; next: number }[] = [];
  const enter = (tensor: Tensor): void => {
    if (depends.has(tensor)) return;
    depends.set(tensor, false);
    stack.push({ tensor, next: 0 });
  };
  for (enter(output); stack.length > 0;) {
    const top = stack[stack.length - 1];
    if (top.next < top.tensor.inputs.length) {
      enter(top.tensor.inputs[top.next++]);
      continue;
    }
    stack.pop();
    if (!top.tensor.inputs.some((source) => depends.get(source))) continue;
    depends.set(top.tensor, true);
    nodes.push(top.tensor);
  }
  return nodes;
}
