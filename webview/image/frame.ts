// What surrounds and crosses a picture: letters of the patient's sides, scale bar, cross-hair. In CSS pixels.
import type { Plane, PlaneInfo } from '../../src/protocol';
import { type Placement, type Position, toScreen } from './camera';

/** Each plane has a colour: of its tag, and of the line at which it cuts the others. */
export const planeColours: Readonly<Record<Plane, string>> = {
  axial: '#f2746b',
  coronal: '#6fcf7c',
  sagittal: '#ecc94b',
};

const halo = 'rgb(0 0 0 / 80%)';
const margin = 8;
/** The bar is at most this part of the picture's width. */
const barPart = 0.25;

export class FramePen {
  /** `size`: of the canvas; `font`: as CSS writes it. */
  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly size: { width: number; height: number },
    font: string,
  ) {
    context.font = font;
  }

  letters(letters: NonNullable<PlaneInfo['letters']>): void {
    const { width, height } = this.size;
    this.text(letters.left, margin, height / 2, 'left', 'middle');
    this.text(letters.right, width - margin, height / 2, 'right', 'middle');
    this.text(letters.top, width / 2, margin, 'center', 'top');
    this.text(letters.bottom, width / 2, height - margin, 'center', 'bottom');
  }

  /** `perPixel`: mm per CSS pixel along x. */
  scaleBar(perPixel: number): void {
    const length = roundLength(this.size.width * barPart * perPixel);
    if (!length) return;
    const { context } = this;
    const [x, y] = [margin + 2, this.size.height - margin - 2];
    const bar = length / perPixel;
    context.beginPath();
    context.moveTo(x, y - 5);
    context.lineTo(x, y);
    context.lineTo(x + bar, y);
    context.lineTo(x + bar, y - 5);
    for (const [colour, line] of [
      [halo, 3.5],
      ['#ffffff', 1.5],
    ] as const) {
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.stroke();
    }
    this.text(formatLength(length), x + bar / 2, y - 5, 'center', 'bottom');
  }

  /** Where the other planes cut this one; the pixel itself stays free. */
  cross(at: Position, place: Placement, vertical: string, horizontal: string): void {
    const { context } = this;
    const { width, height } = this.size;
    const { x, y } = toScreen(place, at);
    const gap = 9;
    const line = (colour: string, ...parts: [number, number, number, number][]) => {
      context.beginPath();
      for (const [x0, y0, x1, y1] of parts) {
        context.moveTo(x0, y0);
        context.lineTo(x1, y1);
      }
      context.strokeStyle = colour;
      context.lineWidth = 1;
      context.globalAlpha = 0.85;
      context.stroke();
      context.globalAlpha = 1;
    };
    const [px, py] = [Math.round(x) + 0.5, Math.round(y) + 0.5];
    line(vertical, [px, 0, px, y - gap], [px, y + gap, px, height]);
    line(horizontal, [0, py, x - gap, py], [x + gap, py, width, py]);
  }

  private text(text: string, x: number, y: number, align: CanvasTextAlign, baseline: CanvasTextBaseline): void {
    const { context } = this;
    context.textAlign = align;
    context.textBaseline = baseline;
    context.lineJoin = 'round';
    context.strokeStyle = halo;
    context.lineWidth = 3;
    context.strokeText(text, x, y);
    context.fillStyle = '#ffffff';
    context.fillText(text, x, y);
    context.lineJoin = 'miter';
  }
}

/** The largest of 1, 2, 5, 10, 20 … (and of their tenths) that is no longer than `most`; null where there is none. */
export function roundLength(most: number): number | null {
  if (!(most > 0) || !Number.isFinite(most)) return null;
  const power = 10 ** Math.floor(Math.log10(most));
  return (most >= 5 * power ? 5 : most >= 2 * power ? 2 : 1) * power;
}

/** mm below a centimetre, cm up to a metre. */
function formatLength(mm: number): string {
  const short = (value: number) => String(Number(value.toPrecision(3)));
  if (mm < 0.1) return `${short(mm * 1000)} µm`;
  return mm < 10 ? `${short(mm)} mm` : mm < 1000 ? `${short(mm / 10)} cm` : `${short(mm / 1000)} m`;
}
