import { topologicalOrder, type Tensor } from '../graph';
import { sizeOf } from '../graph/tensorData';
import { planBuffers } from './bufferPlan';

/** What a process that runs a program needs at its peak, bytes. */
export interface MemoryEstimate {
  /** Constants of the program; mapped from their file, they are shared with other programs and processes. */
  readonly weights: number;
  /** Values that are alive at the worst moment: inputs, between the nodes, and results. */
  readonly values: number;
  /** The runtime, its copy of the graph and what it computes in advance. */
  readonly overhead: number;
  readonly total: number;
}

const MiB = 2 ** 20;

/** Measured with `npm run bench -- memory`: Node with ONNX Runtime, and what a node costs both of them. */
const processBytes = 125 * MiB;
const bytesPerNode = 8 * 1024;

/** JavaScript gets a copy of what is fetched, and the one of the run before waits for the collector. */
const copiesOfFetched = 2;

/**
 * The peak of running a program's outputs again and again on the CPU, estimated without running anything.
 * @param fetch the outputs that are fetched; the runtime computes and holds the others too
 */
export function estimateMemory(
  outputs: Readonly<Record<string, Tensor>>,
  fetch: readonly string[] = Object.keys(outputs),
): MemoryEstimate {
  const plan = planBuffers(outputs);
  const nodes = topologicalOrder(Object.values(outputs));
  const bytesOf = (primitive: string): number =>
    nodes.filter((node) => node.primitive === primitive).reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  const weights = bytesOf('constant');
  const fetched = fetch.reduce((sum, name) => sum + 4 * sizeOf(outputs[name].shape), 0);
  const values = plan.peakBytes + bytesOf('input') + copiesOfFetched * fetched;
  const overhead = processBytes + bytesPerNode * plan.nodes + 2 * plan.foldedBytes;
  return { weights, values, overhead, total: weights + values + overhead };
}
