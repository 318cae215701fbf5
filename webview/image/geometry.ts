import type { ImageInfoV1 as ImageInfo, PromptV1 as Prompt } from '../../src/protocol';

/** A position in pixels of the image: x right, y down, pixel centres at whole numbers + 0.5. */
export interface Position {
  x: number;
  y: number;
}

export type Box = Extract<Prompt, { kind: 'box' }>;

interface Size {
  width: number;
  height: number;
}

/** Beyond this, an aspect ratio is a mistake in the file rather than a thick slice. */
const extremeAspect = 20;

/** Width over height as the body has it: pixels need not be square. */
export function displayAspect({ width, height, spacing }: ImageInfo): number {
  const square = width / height;
  const aspect = spacing ? square * (spacing[0] / spacing[1]) : square;
  return aspect > 1 / extremeAspect && aspect < extremeAspect ? aspect : square;
}

/**
 * Where the pointer is in the image. `shown` is the rectangle the picture fills, in the pointer's own (CSS) pixels, so
 * that zoom and the pixel ratio of the screen cancel out.
 */
export function toImage(pointer: { clientX: number; clientY: number }, shown: DOMRect, image: Size): Position {
  return {
    x: within((pointer.clientX - shown.left) / shown.width, image.width),
    y: within((pointer.clientY - shown.top) / shown.height, image.height),
  };
}

/** The box between two corners, in whichever order they were set. */
export function boxBetween(a: Position, b: Position): Box {
  return {
    kind: 'box',
    x0: Math.min(a.x, b.x),
    y0: Math.min(a.y, b.y),
    x1: Math.max(a.x, b.x),
    y1: Math.max(a.y, b.y),
  };
}

/** The centre of the pixel `dx`, `dy` further, inside the image. */
export function stepFrom({ x, y }: Position, dx: number, dy: number, image: Size): Position {
  return { x: pixelCentre(x + dx, image.width), y: pixelCentre(y + dy, image.height) };
}

/** A fraction of the extent as a position in [0, extent), to a hundredth of a pixel. */
function within(fraction: number, extent: number): number {
  const position = Math.round(fraction * extent * 100) / 100;
  return Math.min(Math.max(position, 0), extent - 0.01);
}

function pixelCentre(position: number, extent: number): number {
  return Math.min(Math.max(Math.floor(position), 0), extent - 1) + 0.5;
}
