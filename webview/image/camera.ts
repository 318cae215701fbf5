/** A plane of the image as the page needs it: its size in pixels and how large a pixel is in the body. */
export interface PlaneShape {
  width: number;
  height: number;
  /** mm per pixel along x, y and from slice to slice; null where the file does not tell. */
  spacing: readonly [number, number, number] | null;
  /** Whether it is drawn mirrored. */
  flipX: boolean;
  flipY: boolean;
}

/** A position in pixels of a plane: x right, y down, pixel centres at whole numbers + 0.5. */
export interface Position {
  x: number;
  y: number;
}

/** What part of a plane is looked at. Independent of the size of the canvas, so that it survives a resize. */
export interface Camera {
  /** 1: the whole plane is seen. */
  zoom: number;
  /** The plane's position in the middle of the canvas. */
  centre: Position;
}

/** Where a plane lies on a canvas, in CSS pixels: position = left + x * scaleX; mirrored where a scale is negative. */
export interface Placement {
  left: number;
  top: number;
  scaleX: number;
  scaleY: number;
}

export const zoomLimits = { least: 0.25, most: 40 } as const;

/** Beyond this, a ratio of spacings is a mistake in the file rather than a thick slice. */
const extremeRatio = 20;

/** Height of a pixel over its width, as the body has it. */
export function pixelRatioOf({ spacing }: PlaneShape): number {
  const ratio = spacing ? spacing[1] / spacing[0] : 1;
  return ratio > 1 / extremeRatio && ratio < extremeRatio ? ratio : 1;
}

/** Width over height of the plane as it is drawn. */
export function displayAspect(plane: PlaneShape): number {
  return plane.width / (plane.height * pixelRatioOf(plane));
}

export function wholePlane({ width, height }: PlaneShape): Camera {
  return { zoom: 1, centre: { x: width / 2, y: height / 2 } };
}

/** Where the plane lies on a canvas of this size in CSS pixels. */
export function place(camera: Camera, plane: PlaneShape, canvas: { width: number; height: number }): Placement {
  const ratio = pixelRatioOf(plane);
  const fit = Math.min(canvas.width / plane.width, canvas.height / (plane.height * ratio));
  const scale = Math.max(fit * camera.zoom, 1e-6);
  const scaleX = plane.flipX ? -scale : scale;
  const scaleY = plane.flipY ? -scale * ratio : scale * ratio;
  return {
    scaleX,
    scaleY,
    left: canvas.width / 2 - camera.centre.x * scaleX,
    top: canvas.height / 2 - camera.centre.y * scaleY,
  };
}

export function toScreen({ left, top, scaleX, scaleY }: Placement, { x, y }: Position): Position {
  return { x: left + x * scaleX, y: top + y * scaleY };
}

/** The plane's position under a point of the canvas; outside of the plane where the pointer is. */
export function toPlane({ left, top, scaleX, scaleY }: Placement, { x, y }: Position): Position {
  return { x: (x - left) / scaleX, y: (y - top) / scaleY };
}

/** Zooms so that what is under the pointer (CSS pixels on the canvas) stays there. */
export function zoomAbout(
  camera: Camera,
  factor: number,
  pointer: Position,
  plane: PlaneShape,
  canvas: { width: number; height: number },
): Camera {
  const zoom = Math.min(Math.max(camera.zoom * factor, zoomLimits.least), zoomLimits.most);
  const before = toPlane(place(camera, plane, canvas), pointer);
  const after = toPlane(place({ ...camera, zoom }, plane, canvas), pointer);
  const { x, y } = camera.centre;
  return keepInSight({ zoom, centre: { x: x + before.x - after.x, y: y + before.y - after.y } }, plane);
}

/** Moves the picture by CSS pixels. */
export function pan(camera: Camera, dx: number, dy: number, { scaleX, scaleY }: Placement, plane: PlaneShape): Camera {
  const { x, y } = camera.centre;
  return keepInSight({ ...camera, centre: { x: x - dx / scaleX, y: y - dy / scaleY } }, plane);
}

/** The middle of the canvas always shows a part of the plane: a picture cannot be lost. */
function keepInSight({ zoom, centre }: Camera, { width, height }: PlaneShape): Camera {
  const within = (value: number, extent: number) => Math.min(Math.max(value, 0), extent);
  return { zoom, centre: { x: within(centre.x, width), y: within(centre.y, height) } };
}

/** The position inside of the plane that is next, to a hundredth of a pixel. */
export function clampTo({ width, height }: PlaneShape, { x, y }: Position): Position {
  const within = (value: number, extent: number) => Math.min(Math.max(Math.round(value * 100) / 100, 0), extent - 0.01);
  return { x: within(x, width), y: within(y, height) };
}

export function isInside({ width, height }: PlaneShape, { x, y }: Position): boolean {
  return x >= 0 && y >= 0 && x < width && y < height;
}

/** The centre of the pixel `dx`, `dy` further, inside the plane; in array pixels, whichever way it is drawn. */
export function stepFrom({ x, y }: Position, dx: number, dy: number, { width, height }: PlaneShape): Position {
  const centreOf = (value: number, extent: number) => Math.min(Math.max(Math.floor(value), 0), extent - 1) + 0.5;
  return { x: centreOf(x + dx, width), y: centreOf(y + dy, height) };
}
