import type { PromptSet } from '../datasets/types';
import { UserError } from '../errors';

/** @throws UserError when there is no prompt or one lies outside of the image. */
export function checkPrompts(
  { points, box }: PromptSet,
  { width, height }: { readonly width: number; readonly height: number },
): void {
  if (points.length === 0 && box === null) throw new UserError('there is no prompt: give a point or a box');
  for (const { x, y } of points) {
    if (!(x >= 0 && y >= 0 && x < width && y < height)) {
      throw new UserError(`the point ${x},${y} lies outside of the image (${width}×${height} pixels)`);
    }
  }
  if (box === null) return;
  const [x0, y0, x1, y1] = box;
  if (!(x0 >= 0 && y0 >= 0 && x1 <= width && y1 <= height && x0 < x1 && y0 < y1)) {
    throw new UserError(`the box ${box.join(',')} is empty or leaves the image (${width}×${height} pixels)`);
  }
}
