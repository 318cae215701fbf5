import type { ImageInfo, Prompt } from '../../protocol';
import { UserError } from '../errors';

/** A hand that draws beyond the edge of the picture means its edge. */
const clamp = (value: number, extent: number): number => Math.min(Math.max(value, 0), extent - 0.01);

/**
 * A prompt as the session keeps it: inside the image, box corners in order.
 * @throws UserError for a slice or a prompt outside of the image, or a box without area.
 */
export function checkedPrompt<P extends Prompt>(image: ImageInfo, slice: number, prompt: P): P;
export function checkedPrompt(image: ImageInfo, slice: number, prompt: Prompt): Prompt {
  checkSlice(image, slice);
  const [width, height] = image.size;
  const outside = (what: string) =>
    new UserError(
      `the ${what} lies outside of ${image.name} (${width} × ${height} pixels): give x and y in pixels of the original image`,
      { file: image.path },
    );
  switch (prompt.kind) {
    case 'point': {
      const { x, y } = prompt;
      if (!(x >= 0 && y >= 0 && x < width && y < height)) throw outside(`point (${x}, ${y})`);
      return prompt;
    }
    case 'box': {
      const [x0, x1] = [prompt.x0, prompt.x1].sort((a, b) => a - b);
      const [y0, y1] = [prompt.y0, prompt.y1].sort((a, b) => a - b);
      const name = `box (${[prompt.x0, prompt.y0, prompt.x1, prompt.y1].join(', ')})`;
      if (x0 < 0 || y0 < 0 || x1 > width || y1 > height) throw outside(name);
      if (x0 === x1 || y0 === y1) {
        throw new UserError(`the ${name} has no area: give two opposite corners`, { file: image.path });
      }
      return { kind: 'box', x0, y0, x1, y1 };
    }
    case 'scribble':
      return { ...prompt, points: prompt.points.map(([x, y]) => [clamp(x, width), clamp(y, height)]) };
    case 'mask':
      checkSlice(image, prompt.slice);
      return prompt;
  }
}

/** @throws UserError for a slice that the image does not have. */
export function checkSlice(image: ImageInfo, slice: number): void {
  const slices = image.size[2];
  if (Number.isInteger(slice) && slice >= 0 && slice < slices) return;
  throw new UserError(
    slices === 1
      ? `${image.name} is a single picture: it has slice 0 only, not ${slice}`
      : `${image.name} has slices 0 to ${slices - 1}, not ${slice}`,
    { file: image.path },
  );
}
