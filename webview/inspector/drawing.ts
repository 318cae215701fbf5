import { colourTable } from '../../src/protocol/colourMaps';
import type { QuantisedMap } from '../../src/protocol/inspector';
import { element } from '../shared/dom';

/** Dark below, light above: seen on any colour. */
export function stroke(context: CanvasRenderingContext2D, path: () => void): void {
  for (const [colour, line] of [
    ['rgba(0, 0, 0, 0.7)', 3],
    ['rgba(255, 255, 255, 0.95)', 1],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.beginPath();
    path();
    context.stroke();
  }
}

/** A canvas of a pixel for each cell. */
export function coloured(
  { width, height, signed }: Pick<QuantisedMap, 'width' | 'height' | 'signed'>,
  bytes: Uint8Array,
): HTMLCanvasElement {
  const table = colourTable(signed ? 'diverging' : 'sequential');
  const made = element('canvas', { width, height });
  const context = made.getContext('2d')!;
  const pixels = context.createImageData(width, height);
  for (let cell = 0; cell < width * height; cell++) {
    const byte = bytes[cell];
    pixels.data.set([table[3 * byte], table[3 * byte + 1], table[3 * byte + 2], 255], 4 * cell);
  }
  context.putImageData(pixels, 0, 0);
  return made;
}
