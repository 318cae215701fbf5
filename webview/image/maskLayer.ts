import type { MaskPatch } from '../../src/protocol';
import { bytesOf } from '../shared/base64';
import { type MaskPixels, outline } from './outline';

export interface MaskStyle {
  fill: readonly [red: number, green: number, blue: number, alpha: number];
  line: string;
  /** Behind the line, so that it stands out on bright and dark alike. */
  halo: string;
  /** In CSS pixels. */
  lineWidth: number;
}

/** The mask over the picture: its area tinted, its edge drawn along pixel borders and sharp at any size. */
export class MaskLayer {
  private area: OffscreenCanvas | null = null;
  private edge: Path2D | null = null;
  private pixels: MaskPixels | null = null;

  constructor(private style: MaskStyle) {}

  /** @throws RangeError where the patch does not fit an image of this size or its runs do not add up. */
  set(patch: MaskPatch | null, image: { width: number; height: number }): void {
    this.pixels = patch && decodePatch(patch, image);
    this.paint();
  }

  restyle(style: MaskStyle): void {
    this.style = style;
    this.paint();
  }

  /** Draws the mask of an image whose pixels are `scaleX` × `scaleY` canvas pixels. */
  draw(context: CanvasRenderingContext2D, scaleX: number, scaleY: number, pixelRatio: number): void {
    if (!this.pixels || !this.area || !this.edge) return;
    const { x, y, width, height } = this.pixels;
    context.imageSmoothingEnabled = false;
    context.drawImage(this.area, x * scaleX, y * scaleY, width * scaleX, height * scaleY);
    // The path is scaled, not the pen: the line is equally wide everywhere.
    const edge = new Path2D();
    edge.addPath(this.edge, new DOMMatrix([scaleX, 0, 0, scaleY, 0, 0]));
    const strokes = [
      [this.style.halo, 2.5],
      [this.style.line, 1],
    ] as const;
    for (const [colour, factor] of strokes) {
      context.strokeStyle = colour;
      context.lineWidth = this.style.lineWidth * factor * pixelRatio;
      context.stroke(edge);
    }
  }

  private paint(): void {
    this.area = this.pixels && tint(this.pixels, this.style.fill);
    this.edge = this.pixels && outline(this.pixels);
  }
}

/** The pixels of a patch: run lengths in LEB128, row-major in its box, beginning with zeros. */
export function decodePatch(patch: MaskPatch, image: { width: number; height: number }): MaskPixels {
  const { x, y, width, height } = patch;
  const whole = [x, y, width, height].every((value) => Number.isInteger(value) && value >= 0);
  if (!whole || x + width > image.width || y + height > image.height)
    throw new RangeError('the mask does not fit the image');
  const data = new Uint8Array(width * height);
  let at = 0;
  let value = 0;
  let run = 0;
  let scale = 1;
  for (const byte of bytesOf(patch.runs)) {
    run += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte & 0x80) continue;
    if (at + run > data.length) break;
    if (value === 1) data.fill(1, at, at + run);
    at += run;
    value = 1 - value;
    run = 0;
    scale = 1;
  }
  if (at !== data.length || run !== 0) throw new RangeError('the mask is damaged: its runs do not fill its box');
  return { x, y, width, height, data };
}

function tint({ width, height, data }: MaskPixels, fill: MaskStyle['fill']): OffscreenCanvas | null {
  if (width === 0 || height === 0) return null;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (!context) return null;
  const picture = context.createImageData(width, height);
  const [red, green, blue, alpha] = fill;
  const colour = new Uint8ClampedArray([red, green, blue, Math.round(alpha * 255)]);
  // One word a pixel, in the byte order of the machine.
  const word = new Uint32Array(colour.buffer)[0];
  const words = new Uint32Array(picture.data.buffer);
  for (let i = 0; i < data.length; i++) if (data[i]) words[i] = word;
  context.putImageData(picture, 0, 0);
  return canvas;
}
