import type { Primitive, PrimitiveAttributes, Shape } from './primitives';
import { sizeOf } from './tensorData';

export class ShapeError extends Error {
  override name = 'ShapeError';
}

export const show = (shape: Shape): string => `[${shape.join(', ')}]`;

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((extent, axis) => extent === b[axis]);

/** The common shape of two operands under NumPy's rules. @throws ShapeError */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new ShapeError(`shapes ${show(a)} and ${show(b)} do not broadcast`);
    }
    return left === 1 ? right : left;
  });
}

type ShapeRule<P extends Primitive> = (attributes: PrimitiveAttributes[P], inputs: readonly Shape[]) => Shape;

const same = (_: unknown, [x]: readonly Shape[]): Shape => x;
const broadcast = (_: unknown, [a, b]: readonly Shape[]): Shape => broadcastShapes(a, b);

function expect(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new ShapeError(message());
}

/** `input` and `constant` bring their own shape; every other primitive's follows from its inputs. */
export const shapeRules: { readonly [P in Exclude<Primitive, 'input' | 'constant'>]: ShapeRule<P> } = {
  neg: same,
  exp: same,
  log: same,
  sqrt: same,
  sin: same,
  cos: same,
  abs: same,
  erf: same,
  relu: same,
  sigmoid: same,
  softplus: same,
  gelu: same,
  step: same,
  add: broadcast,
  sub: broadcast,
  mul: broadcast,
  div: broadcast,

  matMul: (_, [a, b]) => {
    expect(a.length >= 2 && b.length >= 2 && a[a.length - 1] === b[b.length - 2], () => {
      return `matMul of ${show(a)} and ${show(b)}: the inner extents differ`;
    });
    return [...broadcastShapes(a.slice(0, -2), b.slice(0, -2)), a[a.length - 2], b[b.length - 1]];
  },

  affine: (_, [x, weight, bias]) => {
    const fits = x.length >= 1 && weight.length === 2 && weight[1] === x[x.length - 1] && sameShape(bias, [weight[0]]);
    expect(fits, () => `affine of ${show(x)} with weight ${show(weight)} and bias ${show(bias)}`);
    return [...x.slice(0, -1), weight[0]];
  },

  reshape: ({ shape }, [x]) => {
    const whole = shape.every((extent) => Number.isInteger(extent) && extent > 0);
    expect(whole && sizeOf(shape) === sizeOf(x), () => `reshape of ${show(x)} to ${show(shape)}: the sizes differ`);
    return shape;
  },

  transpose: ({ permutation }, [x]) => {
    const sorted = [...permutation].sort((a, b) => a - b);
    expect(sameShape(sorted, [...x.keys()]), () => `${show(permutation)} is no permutation of the axes of ${show(x)}`);
    return permutation.map((axis) => x[axis]);
  },

  broadcastTo: ({ shape }, [x]) => {
    expect(sameShape(broadcastShapes(x, shape), shape), () => `${show(x)} does not broadcast to ${show(shape)}`);
    return shape;
  },

  slice: ({ starts, ends }, [x]) => {
    const fits = x.every((extent, axis) => 0 <= starts[axis] && starts[axis] < ends[axis] && ends[axis] <= extent);
    expect(fits && starts.length === x.length && ends.length === x.length, () => {
      return `slice ${show(starts)}:${show(ends)} leaves ${show(x)}`;
    });
    return x.map((_, axis) => ends[axis] - starts[axis]);
  },

  pad: ({ before, after }, [x]) => {
    const fits = before.length === x.length && after.length === x.length && [...before, ...after].every((n) => n >= 0);
    expect(fits, () => `padding ${show(before)}, ${show(after)} does not fit ${show(x)}`);
    return x.map((extent, axis) => before[axis] + extent + after[axis]);
  },

  concat: ({ axis }, inputs) => {
    expect(inputs.length > 0, () => 'concat of no tensors');
    const [first] = inputs;
    const fits = inputs.every((x) => x.length === first.length && x.every((n, a) => a === axis || n === first[a]));
    expect(axis >= 0 && axis < first.length && fits, () => `concat of ${inputs.map(show).join(', ')} along ${axis}`);
    return first.map((extent, a) => (a === axis ? inputs.reduce((sum, x) => sum + x[axis], 0) : extent));
  },

  reduceSum: ({ axes }, [x]) => {
    expect(
      axes.every((axis, position) => axis in x && axes.indexOf(axis) === position),
      () => `axes ${show(axes)} are not different axes of ${show(x)}`,
    );
    return x.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  },

  after: same,

  softmax: (_, [x]) => {
    expect(x.length >= 1, () => 'softmax needs at least one axis');
    return x;
  },

  layerNorm: (_, [x, scale, bias]) => {
    const channels = x[x.length - 1];
    expect(sameShape(scale, [channels]) && sameShape(bias, [channels]), () => {
      return `layerNorm of ${show(x)} with scale ${show(scale)} and bias ${show(bias)}`;
    });
    return x;
  },
};
