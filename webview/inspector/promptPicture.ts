import type { InspectorPrompts, InspectorSummary } from '../../src/protocol/inspector';
import { element } from '../shared/dom';

/** Longest side of the drawing, pixels. */
const longest = 512;

/** The picture with prompts on it: filled in the object, hollow not in it. */
export function promptPicture(
  picture: CanvasImageSource | null,
  { width, height }: InspectorSummary,
  { points, box }: InspectorPrompts,
): HTMLCanvasElement {
  const scale = longest / Math.max(width, height);
  const canvas = element('canvas', { width: Math.round(width * scale), height: Math.round(height * scale) });
  const context = canvas.getContext('2d')!;
  if (picture !== null) context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const stroke = (draw: () => void): void => {
    for (const [colour, line] of [
      ['#000', 8],
      ['#fff', 4],
    ] as const) {
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.beginPath();
      draw();
      context.stroke();
    }
  };
  if (box !== null)
    stroke(() => context.rect(box[0] * scale, box[1] * scale, (box[2] - box[0]) * scale, (box[3] - box[1]) * scale));
  for (const { x, y, label } of points) {
    const [column, row] = [(x + 0.5) * scale, (y + 0.5) * scale];
    stroke(() => context.arc(column, row, 11, 0, 2 * Math.PI));
    context.fillStyle = label === 1 ? '#2ea043' : '#da3633';
    context.fill();
    // A sign beside the colour: plus in the object, minus not in it.
    context.strokeStyle = '#fff';
    context.lineWidth = 3;
    context.beginPath();
    context.moveTo(column - 6, row);
    context.lineTo(column + 6, row);
    if (label === 1) {
      context.moveTo(column, row - 6);
      context.lineTo(column, row + 6);
    }
    context.stroke();
  }
  return canvas;
}
