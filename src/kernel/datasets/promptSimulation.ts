import { boundingBox, connectedComponents, cropMask, distanceTransform, type Mask } from '../imaging';
import type { Random } from './random';
import type { PromptSet, PromptSetting } from './types';

/** A click on a pixel: its column and row. The model looks at the pixel's centre, half a pixel on. */
export type Click = PromptSet['points'][number];
type Box = readonly [number, number, number, number];

/**
 * Where a first click falls: `central` as a person clicks, at least half as deep inside as the deepest point;
 * `anywhere` in the target, each pixel as likely, as training wants it.
 */
export type ClickPlacement = 'central' | 'anywhere';

/** How near a corrective click comes to the deepest point of the error, as a fraction of its depth. */
const nearlyDeepest = 0.9;

/** What a setting consists of: its first prompt and how many corrective clicks follow (`nextClick`). */
export function promptsFor(setting: PromptSetting): { first: 'point' | 'box'; clicks: number } {
  switch (setting) {
    case '1-point':
      return { first: 'point', clicks: 0 };
    case '3-points':
      return { first: 'point', clicks: 2 };
    case 'bbox-0.5':
    case 'bbox-0.75':
      return { first: 'box', clicks: 0 };
  }
}

/**
 * The prompt a user would begin with: a positive click inside the target, or a box whose IoU with the target's own box
 * is the setting's figure. Box corners are edges: a box around the whole picture is [0, 0, width, height].
 * @throws Error when the target is empty (data sets refuse such masks before).
 */
export function firstPrompt(
  target: Mask,
  setting: PromptSetting,
  random: Random,
  placement: ClickPlacement = 'central',
): PromptSet {
  const bounds = boundingBox(target);
  if (!bounds) throw new Error('an empty mask has no first prompt');
  if (promptsFor(setting).first === 'box') {
    const overlap = setting === 'bbox-0.5' ? 0.5 : 0.75;
    return { points: [], box: overlappingBox(bounds, overlap, target, random) };
  }
  const depth = placement === 'central' ? 0.5 : 0;
  return { points: [{ ...deepPixel(target, bounds, depth, random), label: 1 }], box: null };
}

/** What a slice is asked that does not show its class: one negative click, each pixel as likely. */
export function negativePrompt(
  { width, height }: { readonly width: number; readonly height: number },
  random: Random,
): PromptSet {
  return { points: [{ x: random.integer(width), y: random.integer(height), label: 0 }], box: null };
}

/**
 * The corrective click: in the largest connected region of error, near its deepest point; positive where the target was
 * missed, negative where the prediction went beyond it. Null when the two masks are equal. Both of the same size.
 */
export function nextClick(target: Mask, prediction: Mask, random: Random): Click | null {
  const missed = largestRegion(difference(target, prediction));
  const excess = largestRegion(difference(prediction, target));
  const worst = (missed?.pixels ?? 0) >= (excess?.pixels ?? 0) ? missed : excess;
  if (!worst) return null;
  const at = deepPixel(worst.mask, [0, 0, worst.mask.width, worst.mask.height], nearlyDeepest, random);
  return { x: at.x + worst.x, y: at.y + worst.y, label: worst === missed ? 1 : 0 };
}

/** A random pixel among those at least `depth` times as far from the background as the deepest one. */
function deepPixel(mask: Mask, bounds: Box, depth: number, random: Random): { x: number; y: number } {
  const part = cropMask(mask, bounds);
  const distances = depth > 0 ? distanceTransform(part) : Float32Array.from(part.data);
  const deepest = distances.reduce((most, value) => Math.max(most, value), 0);
  const least = Math.max(depth * deepest, Number.MIN_VALUE);
  let candidates = 0;
  for (const distance of distances) if (distance >= least) candidates++;
  let left = random.integer(candidates);
  const index = distances.findIndex((distance) => distance >= least && left-- === 0);
  return { x: bounds[0] + (index % part.width), y: bounds[1] + Math.floor(index / part.width) };
}

/** Pixels of `a` that are not in `b`. */
function difference(a: Mask, b: Mask): Mask {
  return { ...a, data: a.data.map((value, i) => value & ~b.data[i]) };
}

/** The largest component, cut out at (x, y); null for an empty mask. */
function largestRegion(mask: Mask): { mask: Mask; x: number; y: number; pixels: number } | null {
  const bounds = boundingBox(mask);
  if (!bounds) return null;
  const part = cropMask(mask, bounds);
  const { labels, sizes } = connectedComponents(part);
  const pixels = sizes.reduce((most, size) => Math.max(most, size), 0);
  const label = sizes.indexOf(pixels) + 1;
  const data = Uint8Array.from(labels, (value) => (value === label ? 1 : 0));
  return { mask: { ...part, data }, x: bounds[0], y: bounds[1], pixels };
}

/**
 * A box inside the picture whose IoU with `own` is `overlap`: its four edges move away in a random direction until the
 * overlap has fallen that far. (The IoU only falls on the way: no edge turns back.)
 */
function overlappingBox(own: Box, overlap: number, picture: Mask, random: Random): Box {
  const [width, height] = [own[2] - own[0], own[3] - own[1]];
  for (let attempt = 0; attempt < 32; attempt++) {
    const pace = Array.from({ length: 4 }, () => random.uniform(-1, 1));
    const found = moveEdges((t) => [
      Math.max(0, own[0] + t * pace[0] * width),
      Math.max(0, own[1] + t * pace[1] * height),
      Math.min(picture.width, own[2] + t * pace[2] * width),
      Math.min(picture.height, own[3] + t * pace[3] * height),
    ]);
    if (found) return found;
  }
  // A target that fills the picture leaves no room outward: the box shrinks.
  const inset = (1 - Math.sqrt(overlap)) / 2;
  return [own[0] + inset * width, own[1] + inset * height, own[2] - inset * width, own[3] - inset * height];

  function moveEdges(boxAt: (t: number) => Box): Box | null {
    let [near, far] = [0, 2];
    if (boxIou(own, boxAt(far)) > overlap) return null;
    for (let step = 0; step < 30; step++) {
      const middle = (near + far) / 2;
      if (boxIou(own, boxAt(middle)) > overlap) near = middle;
      else far = middle;
    }
    return boxAt(near);
  }
}

/** Intersection over union of two boxes given by their edges. */
export function boxIou(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const intersection = width * height;
  return intersection / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - intersection);
}
