import type { PromptV1 as Prompt } from '../../src/protocol';
import type { Box, Position } from './geometry';

/** Include and exclude differ in sign as well as in colour. */
const colours = { include: '#1a9850', exclude: '#d7191c', box: '#ffd93b', cursor: '#ffffff', halo: 'rgb(0 0 0 / 75%)' };

/** Draws prompts and the cursor, in sizes that do not follow the picture's. */
export class PromptPen {
  /** `scaleX`, `scaleY`: canvas pixels per image pixel; `unit`: canvas pixels per CSS pixel. */
  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly scaleX: number,
    private readonly scaleY: number,
    private readonly unit: number,
  ) {}

  /** A prompt that is not answered yet is drawn lighter. */
  prompt(prompt: Prompt, answered: boolean): void {
    this.context.globalAlpha = answered ? 1 : 0.6;
    if (prompt.kind === 'point') this.point(prompt, prompt.label === 1);
    else this.box(prompt, []);
    this.context.globalAlpha = 1;
  }

  /** The box that is being drawn. */
  draft(box: Box): void {
    this.box(box, [6 * this.unit, 4 * this.unit]);
  }

  /** The keyboard's crosshair: lines with a gap, so that the pixel under it stays visible. */
  cursor({ x, y }: Position): void {
    const { context, unit } = this;
    const [cx, cy] = [x * this.scaleX, y * this.scaleY];
    const [gap, reach] = [4 * unit, 14 * unit];
    context.beginPath();
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ]) {
      context.moveTo(cx + dx * gap, cy + dy * gap);
      context.lineTo(cx + dx * reach, cy + dy * reach);
    }
    this.strokeTwice(colours.cursor, 1.5);
  }

  private point({ x, y }: Position, include: boolean): void {
    const { context, unit } = this;
    const [cx, cy] = [x * this.scaleX, y * this.scaleY];
    context.beginPath();
    context.arc(cx, cy, 6 * unit, 0, 2 * Math.PI);
    context.fillStyle = include ? colours.include : colours.exclude;
    context.fill();
    context.strokeStyle = colours.halo;
    context.lineWidth = 3 * unit;
    context.stroke();
    context.strokeStyle = '#ffffff';
    context.lineWidth = 1.5 * unit;
    context.stroke();
    context.beginPath();
    context.moveTo(cx - 3 * unit, cy);
    context.lineTo(cx + 3 * unit, cy);
    if (include) {
      context.moveTo(cx, cy - 3 * unit);
      context.lineTo(cx, cy + 3 * unit);
    }
    context.stroke();
  }

  private box({ x0, y0, x1, y1 }: Box, dash: number[]): void {
    const { context, scaleX, scaleY } = this;
    context.beginPath();
    context.rect(x0 * scaleX, y0 * scaleY, (x1 - x0) * scaleX, (y1 - y0) * scaleY);
    this.strokeTwice(colours.box, 1.5, dash);
  }

  private strokeTwice(colour: string, width: number, dash: number[] = []): void {
    const { context, unit } = this;
    context.strokeStyle = colours.halo;
    context.lineWidth = (width + 2) * unit;
    context.stroke();
    context.setLineDash(dash);
    context.strokeStyle = colour;
    context.lineWidth = width * unit;
    context.stroke();
    context.setLineDash([]);
  }
}
