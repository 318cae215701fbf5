import type { ImageInfoV1 as ImageInfo, PromptV1 as Prompt } from '../../protocol';
import type { PromptSet } from '../datasets/types';
import { UserError } from '../errors';

const describe = (prompt: Prompt): string =>
  prompt.kind === 'point'
    ? `the point (${prompt.x}, ${prompt.y})`
    : `the box (${prompt.x0}, ${prompt.y0}, ${prompt.x1}, ${prompt.y1})`;

/**
 * A prompt as the session keeps it: inside the image, box corners in order.
 * @throws UserError for a slice or a prompt outside of the image, or a box without area.
 */
export function checkedPrompt(image: ImageInfo, slice: number, prompt: Prompt): Prompt {
  checkSlice(image, slice);
  const inside = (x: number, y: number, edge: boolean) =>
    x >= 0 && y >= 0 && (edge ? x <= image.width && y <= image.height : x < image.width && y < image.height);
  const outside = () =>
    new UserError(
      `${describe(prompt)} lies outside of ${image.name} (${image.width} × ${image.height} pixels): give x and y in pixels of the original image`,
      { file: image.path },
    );
  if (prompt.kind === 'point') {
    if (!inside(prompt.x, prompt.y, false)) throw outside();
    return prompt;
  }
  const box: Prompt = {
    kind: 'box',
    x0: Math.min(prompt.x0, prompt.x1),
    y0: Math.min(prompt.y0, prompt.y1),
    x1: Math.max(prompt.x0, prompt.x1),
    y1: Math.max(prompt.y0, prompt.y1),
  };
  if (!inside(box.x0, box.y0, true) || !inside(box.x1, box.y1, true)) throw outside();
  if (box.x0 === box.x1 || box.y0 === box.y1) {
    throw new UserError(`${describe(prompt)} on ${image.name} has no area: drag from one corner to the opposite one`);
  }
  return box;
}

/** @throws UserError when the image has no such slice. */
export function checkSlice(image: ImageInfo, slice: number): void {
  if (Number.isInteger(slice) && slice >= 0 && slice < image.slices) return;
  throw new UserError(
    image.slices === 1
      ? `${image.name} is a single picture: it has slice 0 only, not ${slice}`
      : `${image.name} has slices 0 to ${image.slices - 1}, not ${slice}`,
    { file: image.path },
  );
}

/**
 * The prompts of one slice as the model takes them: every point, and the newest box. A viewer's position is continuous
 * (pixel centres at + 0.5), the model's is the pixel's index.
 */
export function promptSet(prompts: readonly Prompt[]): PromptSet {
  const points: PromptSet['points'][number][] = [];
  let box: PromptSet['box'] = null;
  for (const prompt of prompts) {
    if (prompt.kind === 'point') {
      points.push({ x: Math.floor(prompt.x), y: Math.floor(prompt.y), label: prompt.label });
    } else {
      box = [prompt.x0, prompt.y0, prompt.x1, prompt.y1];
    }
  }
  return { points, box };
}
