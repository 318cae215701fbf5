import type { Prompt } from '../../src/protocol';
import { type Placement, type Position, toScreen } from './camera';
import type { Draft } from './draft';

/** Include and exclude differ in sign as well as in colour. */
const colours = { include: '#1a9850', exclude: '#d7191c', box: '#ffd93b', cursor: '#ffffff', halo: 'rgb(0 0 0 / 75%)' };

export interface PromptLook {
  /** One that is not answered yet is drawn lighter. */
  answered: boolean;
  selected: boolean;
}

/** Draws prompts, drafts and the cursor in sizes that do not follow the picture's. Works in CSS pixels. */
export class PromptPen {
  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly place: Placement,
  ) {}

  prompt(prompt: Prompt, { answered, selected }: PromptLook): void {
    this.context.globalAlpha = answered ? 1 : 0.6;
    switch (prompt.kind) {
      case 'point':
        this.point(prompt, prompt.label === 1, selected);
        break;
      case 'box':
        this.box({ x: prompt.x0, y: prompt.y0 }, { x: prompt.x1, y: prompt.y1 }, [], selected);
        break;
      case 'scribble':
        this.line(prompt.points, prompt.label === 1, selected);
    }
    this.context.globalAlpha = 1;
  }

  draft(draft: Draft): void {
    if (draft.kind === 'box') this.box(draft.from, draft.to, [6, 4], false);
    if (draft.kind === 'scribble') this.line(draft.points, draft.sign === 1, false);
  }

  /** The keyboard's cursor: lines with a gap, so that the pixel under it stays visible. */
  cursor(at: Position): void {
    const { context } = this;
    const { x, y } = toScreen(this.place, at);
    context.beginPath();
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ]) {
      context.moveTo(x + dx * 4, y + dy * 4);
      context.lineTo(x + dx * 14, y + dy * 14);
    }
    this.strokeTwice(colours.cursor, 1.5);
  }

  /** What the brush would cover. `radius` in pixels of the slice. */
  ring(at: Position, radius: number, erases: boolean): void {
    const { context, place } = this;
    const { x, y } = toScreen(place, at);
    context.beginPath();
    context.ellipse(x, y, radius * Math.abs(place.scaleX), radius * Math.abs(place.scaleY), 0, 0, 2 * Math.PI);
    this.strokeTwice(colours.cursor, 1.25, erases ? [4, 3] : []);
  }

  private point(at: Position, include: boolean, selected: boolean): void {
    const { context } = this;
    const { x, y } = toScreen(this.place, at);
    const disc = (radius: number) => {
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
    };
    if (selected) {
      disc(10);
      this.strokeTwice(colours.cursor, 2);
    }
    disc(6);
    context.fillStyle = include ? colours.include : colours.exclude;
    context.fill();
    context.strokeStyle = colours.halo;
    context.lineWidth = 3;
    context.stroke();
    context.strokeStyle = '#ffffff';
    context.lineWidth = 1.5;
    context.stroke();
    context.beginPath();
    context.moveTo(x - 3, y);
    context.lineTo(x + 3, y);
    if (include) {
      context.moveTo(x, y - 3);
      context.lineTo(x, y + 3);
    }
    context.stroke();
  }

  private box(from: Position, to: Position, dash: number[], selected: boolean): void {
    const { context } = this;
    const [a, b] = [toScreen(this.place, from), toScreen(this.place, to)];
    context.beginPath();
    context.rect(Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(b.x - a.x), Math.abs(b.y - a.y));
    this.strokeTwice(selected ? colours.cursor : colours.box, selected ? 2.5 : 1.5, dash);
  }

  private line(points: readonly (readonly [number, number])[], include: boolean, selected: boolean): void {
    const { context } = this;
    context.beginPath();
    for (const [x, y] of points) {
      const at = toScreen(this.place, { x, y });
      context.lineTo(at.x, at.y);
    }
    context.lineCap = 'round';
    context.lineJoin = 'round';
    if (selected) this.strokeTwice(colours.cursor, 6);
    // An excluding line is dashed: its colour is not all that tells.
    this.strokeTwice(include ? colours.include : colours.exclude, 3, include ? [] : [7, 5]);
    context.lineCap = 'butt';
    context.lineJoin = 'miter';
  }

  private strokeTwice(colour: string, width: number, dash: number[] = []): void {
    const { context } = this;
    context.strokeStyle = colours.halo;
    context.lineWidth = width + 2;
    context.stroke();
    context.setLineDash(dash);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
    context.setLineDash([]);
  }
}
