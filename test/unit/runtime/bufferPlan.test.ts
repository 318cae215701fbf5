import { describe, expect, it } from 'vitest';
import {
  add,
  constant,
  gradients,
  input,
  matMul,
  mul,
  relu,
  reshape,
  Segments,
  sumAll,
  tensorData,
  transpose,
  type RunSegment,
  type Tensor,
} from '../../../src/kernel/graph';
import { planBuffers } from '../../../src/kernel/runtime/bufferPlan';

const side = 16;
const bytes = 4 * side * side;
const x = input('x', [side, side]);
const w = constant(tensorData([side, side], new Float32Array(side * side)));

describe('planBuffers', () => {
  it('counts a value that is in use, not the inputs', () => {
    expect(planBuffers({ y: matMul(x, w) })).toMatchObject({ peakBytes: bytes, nodes: 1 });
  });

  it('lets a chain of products take turns in two buffers', () => {
    expect(planBuffers({ y: matMul(matMul(matMul(matMul(x, w), w), w), w) }).peakBytes).toBe(2 * bytes);
  });

  it('lets element-wise results take over their input, reshapes share it, and products read transposes as they are', () => {
    expect(planBuffers({ y: matMul(relu(mul(matMul(x, w), 2)), w) }).peakBytes).toBe(2 * bytes);
    expect(planBuffers({ y: matMul(reshape(reshape(matMul(x, w), [4, 64]), [side, side]), w) }).peakBytes).toBe(
      2 * bytes,
    );
    expect(planBuffers({ y: matMul(x, transpose(relu(matMul(x, w)), [1, 0])) }).peakBytes).toBe(2 * bytes);
  });

  it('holds what is read later', () => {
    const a = matMul(x, w);
    expect(planBuffers({ y: add(matMul(matMul(matMul(a, w), w), w), a) }).peakBytes).toBe(3 * bytes);
  });

  it('leaves out what the runtime computes in advance, and says how much that is', () => {
    const folded = transpose(mul(w, 2), [1, 0]);
    expect(planBuffers({ y: add(x, folded) })).toMatchObject({ nodes: 1, foldedBytes: bytes });
  });

  it('shows what segments save: a deep stack needs the inputs of its blocks and one block', () => {
    const depth = 12;
    const peak = (segment: (segments: Segments) => RunSegment): number => {
      const segments = new Segments();
      const weight = input('weight', [side, side]);
      let y: Tensor = x;
      const run = segment(segments);
      for (let block = 0; block < depth; block++) {
        y = run([y], (tokens) => {
          let z = tokens;
          for (let layer = 0; layer < 8; layer++) z = relu(matMul(z, weight));
          return z;
        });
      }
      const [gradient] = gradients(sumAll(mul(y, y)), [weight], segments);
      return planBuffers({ gradient }).peakBytes / bytes;
    };
    const all = peak(() => (inputs, body) => body(...inputs));
    const some = peak(({ run }) => run);
    expect(all).toBeGreaterThan(8 * depth);
    expect(some).toBeLessThan(2 * depth + 16);
  });
});
