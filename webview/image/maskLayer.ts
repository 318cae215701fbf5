import type { Placement } from './camera';
import { type MaskPixels, outline } from './outline';

export interface MaskStyle {
  /** `#rrggbb` */
  colour: string;
  /** Of the area, 0..1. */
  opacity: number;
  /** In CSS pixels. */
  lineWidth: number;
  /** A preview's edge is dashed. */
  dashed: boolean;
}

interface Made {
  area: OffscreenCanvas | null;
  edge: Path2D;
  colour: string;
}

/** Behind every edge, so that it stands out on bright and dark alike. */
const halo = 'rgb(0 0 0 / 55%)';

/**
 * Masks over a picture: the area tinted, the edge drawn along pixel borders and sharp at any size. What it makes of a
 * mask is kept only while that mask is drawn.
 */
export class MaskLayer {
  private made = new Map<MaskPixels, Made>();
  private drawn = new Map<MaskPixels, Made>();

  begin(): void {
    this.drawn = new Map();
  }

  draw(context: CanvasRenderingContext2D, mask: MaskPixels, style: MaskStyle, place: Placement, unit: number): void {
    const { area, edge } = this.make(mask, style.colour);
    const { left, top, scaleX, scaleY } = place;
    if (area && style.opacity > 0) {
      context.save();
      context.setTransform(scaleX * unit, 0, 0, scaleY * unit, left * unit, top * unit);
      context.imageSmoothingEnabled = false;
      context.globalAlpha = style.opacity;
      context.drawImage(area, mask.x, mask.y);
      context.restore();
    }
    // The path is scaled, not the pen: the line is equally wide everywhere.
    const path = new Path2D();
    path.addPath(edge, new DOMMatrix([scaleX * unit, 0, 0, scaleY * unit, left * unit, top * unit]));
    if (style.dashed) context.setLineDash([4 * unit, 3 * unit]);
    context.lineCap = 'square';
    for (const [colour, width] of [
      [halo, style.lineWidth + 1],
      [style.colour, style.lineWidth],
    ] as const) {
      context.strokeStyle = colour;
      context.lineWidth = width * unit;
      context.stroke(path);
    }
    context.lineCap = 'butt';
    context.setLineDash([]);
  }

  /** Forgets what was not drawn since `begin`. */
  end(): void {
    this.made = this.drawn;
  }

  private make(mask: MaskPixels, colour: string): Made {
    const known = this.drawn.get(mask) ?? this.made.get(mask);
    const made =
      known?.colour === colour ? known : { area: tint(mask, colour), edge: known?.edge ?? outline(mask), colour };
    this.drawn.set(mask, made);
    return made;
  }
}

function tint({ width, height, data }: MaskPixels, colour: string): OffscreenCanvas | null {
  if (width === 0 || height === 0) return null;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (!context) return null;
  const picture = context.createImageData(width, height);
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const word = (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
  const words = new Uint32Array(picture.data.buffer);
  for (let at = 0; at < data.length; at++) if (data[at]) words[at] = word;
  context.putImageData(picture, 0, 0);
  return canvas;
}
