import { type SlicePixels, undoDelta } from '../../src/protocol';
import { bytesOf } from '../shared/base64';
import type { SliceImage } from './tone';

/** The pixels of a slice as the kernel sends them: base64, deflated, neighbours' differences. @throws where damaged. */
export async function decodeSlice(pixels: SlicePixels): Promise<SliceImage> {
  const { kind, width, height, shrink, slope, intercept, data } = pixels;
  const inflated = new Blob([bytesOf(data)]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(inflated).arrayBuffer());
  const channels = kind === 'rgb8' ? 3 : 1;
  return { width, height, shrink, channels, slope, intercept, data: undoDelta(kind, width, height, bytes) };
}
