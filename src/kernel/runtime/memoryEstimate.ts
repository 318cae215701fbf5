import { topologicalOrder, type Tensor } from '../graph';
import { sizeOf } from '../graph/tensorData';
import { planBuffers } from './bufferPlan';

/** What a process that runs a program needs at its peak, bytes. */
export interface MemoryEstimate {
  /** Constants of the program; mapped from their file, they are shared with other programs and processes. */
  readonly weights: number;
  /** Values between the nodes, all alive at the worst moment. */
  readonly values: number;
  /** The runtime, its copy of the graph and what it computes in advance. */
  readonly overhead: number;
  readonly total: number;
}

const MiB = 2 ** 20;

/** Measured with `npm run bench -- memory`: Node with ONNX Runtime, and what a node costs both of them. */
const processBytes = 125 * MiB;
const bytesPerNode = 10 * 1024;

/** The peak of running these outputs on the CPU, estimated without running anything. */
export function estimateMemory(outputs: Readonly<Record<string, Tensor>>): MemoryEstimate {
  const plan = planBuffers(outputs);
  const nodes = topologicalOrder(Object.values(outputs));
  const bytesOf = (primitive: string): number =>
    nodes.filter((node) => node.primitive === primitive).reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  const weights = bytesOf('constant');
  const values = plan.peakBytes + bytesOf('input');
  const overhead = processBytes + bytesPerNode * plan.nodes + 2 * plan.foldedBytes;
  return { weights, values, overhead, total: weights + values + overhead };
}
