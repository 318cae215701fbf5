import type { PixelLayout } from './pixelLayout';

/**
 * Whether an RLE frame (PS3.5 annex G) holds every byte that its header promises. The decoder does not look: it leaves
 * what is missing as it is.
 */
export function isWholeRleFrame(stream: Uint8Array, layout: PixelLayout): boolean {
  if (stream.length < 64) return false;
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const segments = view.getUint32(0, true);
  if (segments !== (layout.samplesPerPixel * layout.bitsAllocated) / 8 || segments > 15) return false;
  const offsets = Array.from({ length: segments }, (_, segment) => view.getUint32(4 + 4 * segment, true));
  return offsets.every((from, segment) => {
    const to = offsets[segment + 1] ?? stream.length;
    return from >= 64 && to <= stream.length && unpackedLength(stream, from, to) >= layout.columns * layout.rows;
  });
}

/** Bytes that runs of the PackBits kind stand for. */
function unpackedLength(stream: Uint8Array, from: number, to: number): number {
  let length = 0;
  for (let at = from; at < to;) {
    const control = stream[at++];
    if (control === 0x80) continue;
    const run = control < 0x80 ? control + 1 : 257 - control;
    at += control < 0x80 ? run : 1;
    if (at > to) return length;
    length += run;
  }
  return length;
}
