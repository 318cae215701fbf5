import type { Mask, RgbImage } from '../../imaging/types';
import { Random } from '../random';
import { remapTones } from './acquisition';
import type { Canvas } from './canvas';
import { keepLargestPieces } from './pieces';
import { families, randomFamily, type FamilyName } from './families';

/** An object of which less can be seen is not one that a click could mean. */
export const leastVisiblePixels = 60;

export interface PhantomOptions {
  readonly width: number;
  readonly height: number;
  /** Default: one of the pre-training families, by weight. */
  readonly family?: FamilyName;
  /** Seed of the subject: pictures with the same one share anatomy and appearance. Default: another for each picture. */
  readonly subject?: number;
}

export interface Phantom {
  readonly image: RgbImage;
  /** The visible part of each object, in one piece; no two overlap, so that a click inside names one. Each ≥ 60 pixels. */
  readonly objects: readonly Mask[];
  readonly family: FamilyName;
  /** The object a data set of this family asks for (one of `objects`); null where it is hidden. */
  readonly target: Mask | null;
}

/**
 * Draws one medical-like picture with exact masks. Advances `random` by one draw only, whatever the family does, so
 * that a saved generator state continues bit for bit. `objects` may be empty: draw again.
 */
export function drawPhantom(random: Random, options: PhantomOptions): Phantom {
  const own = random.fork('phantom');
  random.bits();
  const family = options.family ?? randomFamily(own);
  const subject = options.subject === undefined ? own.fork('subject') : new Random(options.subject);
  const canvas = drawCanvas(family, own, subject, subject.fork('tones'), options.width, options.height);
  const masks = canvas.masks(leastVisiblePixels);
  return {
    image: canvas.toRgb(),
    objects: masks.filter((mask) => mask !== null),
    family,
    target: masks[canvas.target - 1] ?? null,
  };
}

/** The canvas of one picture after the window and the look-up table that `tones` draws. All streams advance. */
export function drawCanvas(
  family: FamilyName,
  random: Random,
  subject: Random,
  tones: Random,
  width: number,
  height: number,
): Canvas {
  const { draw, coloured } = families[family];
  const canvas = draw({ width, height, unit: Math.min(width, height), random, subject });
  keepLargestPieces(canvas.labels, width, height);
  remapTones(canvas, tones, coloured ? 0 : 0.12);
  return canvas;
}
