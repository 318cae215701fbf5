import { existsSync } from 'node:fs';
import path from 'node:path';
import type { PromptSet } from '../datasets';
import { UserError } from '../errors';
import { sliceOf, type MedicalImage } from '../imaging';
import type { SlicePoint } from './options';

/** Prompts by slice. */
export type SlicePrompts = ReadonlyMap<number, PromptSet>;

/** Points on the slices that they name, the others and the box on `slice`. */
export function promptsBySlice(points: readonly SlicePoint[], box: PromptSet['box'], slice: number): SlicePrompts {
  const prompts = new Map<number, { points: PromptSet['points'][number][]; box: PromptSet['box'] }>();
  const on = (at: number) => {
    const known = prompts.get(at) ?? { points: [], box: null };
    prompts.set(at, known);
    return known;
  };
  for (const { x, y, label, slice: own } of points) on(own ?? slice).points.push({ x, y, label });
  if (box !== null) on(slice).box = box;
  return prompts;
}

/** @throws UserError when the mask could not be written there at the end. */
export function checkMaskPath(file: string): void {
  if (path.extname(file).toLowerCase() !== '.png') {
    throw new UserError(`${file} does not end in .png: masks are written as PNG; change --out`, { file });
  }
  const folder = path.dirname(file);
  if (existsSync(folder)) return;
  throw new UserError(`${file} could not be written: the folder ${folder} does not exist; create it first`, { file });
}

/** @throws UserError naming the image and its size. */
export function checkPrompts(file: string, image: MedicalImage, prompts: SlicePrompts): void {
  const [width, height] = image.size;
  const size = `${file}, which is ${width}×${height} pixels`;
  for (const [slice, { points, box }] of prompts) {
    sliceOf(image, slice);
    for (const { x, y } of points) {
      if (x >= 0 && y >= 0 && x < width && y < height) continue;
      throw new UserError(`the point ${x},${y} lies outside of ${size}: x from 0 to ${width - 1}, y to ${height - 1}`, {
        file,
      });
    }
    if (box === null) continue;
    const [x0, y0, x1, y1] = box;
    if (x0 >= x1 || y0 >= y1) {
      throw new UserError(`the box ${box.join(',')} on ${file} is empty: give X0,Y0,X1,Y1 with X0 < X1 and Y0 < Y1`, {
        file,
      });
    }
    if (x0 < 0 || y0 < 0 || x1 > width || y1 > height) {
      throw new UserError(`the box ${box.join(',')} leaves ${size}: keep it within 0,0,${width},${height}`, { file });
    }
  }
}
