import { gradientRules } from './gradients';
import { add, concat } from './ops';
import type { Tensor } from './primitives';

/** A slice of a tensor and the gradient of the slice. */
export interface SliceGradient {
  readonly slice: Tensor<'slice'>;
  readonly dy: Tensor;
}

/**
 * The gradient of a tensor from those of slices of it. Slices that lie side by side and leave nothing out (queries, keys
 * and values of one projection) are joined, which moves each value once; others are padded and added.
 */
export function ofSlices(slices: readonly SliceGradient[]): Tensor {
  const [{ shape }] = slices[0].slice.inputs;
  const axis = shape.findIndex((extent, a) => slices.some(({ slice }) => slice.shape[a] < extent));
  const start = ({ slice }: SliceGradient): number => slice.attributes.starts[axis];
  const ordered = [...slices].sort((a, b) => start(a) - start(b));
  let end = 0;
  const sideBySide = ordered.every((piece) => {
    const follows = start(piece) === end;
    end += piece.slice.shape[axis];
    return follows && shape.every((extent, a) => a === axis || piece.slice.shape[a] === extent);
  });
  if (sideBySide && end === shape[axis])
    return concat(
      ordered.map(({ dy }) => dy),
      axis,
    );
  return slices.map(({ slice, dy }) => gradientRules.slice(slice, dy, [true])[0]!).reduce((sum, dx) => add(sum, dx));
}
