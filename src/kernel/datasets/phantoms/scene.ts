import type { Random } from '../random';
import type { Canvas } from './canvas';
import { rasterize, type Contour, type Region } from './region';

/** What a family draws from. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  /** The shorter side: sizes are fractions of it. */
  readonly unit: number;
  /** Pose, details and noise: another value for every picture. */
  readonly random: Random;
  /** Anatomy and appearance: pictures of one subject share them. */
  readonly subject: Random;
}

/** Draws one picture, its objects marked on the canvas. */
export type Family = (scene: Scene) => Canvas;

/** The pixels inside the contours (even-odd). */
export function region(scene: Scene, ...contours: Contour[]): Region {
  return rasterize(contours, scene.width, scene.height);
}

/** The pixels outside of a contour: what a round lens or a sector leaves black. */
export function outside(scene: Scene, contour: Contour): Region {
  const frame = Float64Array.of(0, 0, scene.width, 0, scene.width, scene.height, 0, scene.height);
  return rasterize([frame, contour], scene.width, scene.height);
}
