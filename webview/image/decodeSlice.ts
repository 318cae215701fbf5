import { type SlicePixels, undoDelta } from '../../src/protocol';
import { bytesOf } from '../shared/base64';
import type { SliceImage } from './tone';

/** The pixels of a slice as the kernel sends them: base64, deflated, neighbours' differences. @throws where damaged. */
export async function decodeSlice({ kind, width, height, slope, intercept, data }: SlicePixels): Promise<SliceImage> {
  const inflated = new Blob([bytesOf(data)]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(inflated).arrayBuffer());
  const channels = kind === 'rgb8' ? 3 : 1;
  return { width, height, channels, slope, intercept, data: undoDelta(kind, width, height, bytes) };
}
