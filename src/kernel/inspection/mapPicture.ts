import { colourTable } from '../../protocol/colourMaps';
import type { QuantisedMap } from '../../protocol/inspector';
import { encodePng } from '../imaging';

/** Pixels of an exported picture's longest side, at least. */
const longestSide = 512;

/** A map as PNG in the page's colours, each cell a square of pixels. */
export function mapPicture(map: QuantisedMap): Promise<Buffer> {
  const { width, height } = map;
  const size = Math.max(1, Math.ceil(longestSide / Math.max(width, height)));
  const table = colourTable(map.signed ? 'diverging' : 'sequential');
  const bytes = Buffer.from(map.data, 'base64');
  const rgb = new Uint8Array(3 * width * height * size * size);
  for (let y = 0, pixel = 0; y < height * size; y++) {
    for (let x = 0; x < width * size; x++, pixel++) {
      const byte = bytes[Math.floor(y / size) * width + Math.floor(x / size)];
      rgb.set(table.subarray(3 * byte, 3 * byte + 3), 3 * pixel);
    }
  }
  return encodePng({ width: width * size, height: height * size, rgb });
}
