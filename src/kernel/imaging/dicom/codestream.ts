/** What a compressed frame says of itself. */
export interface CodestreamHeader {
  readonly columns: number;
  readonly rows: number;
  readonly components: number;
  readonly precision: number;
  /** Whether a JPEG says by its markers that its colours are YCbCr (true) or RGB (false); undefined where it does not. */
  readonly ybr?: boolean;
}

/** The raw code stream: JPEG 2000 may lie in a JP2 file. */
export function codestreamOf(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === 0xff || bytes[0] !== 0 || bytes.length < 12) return bytes;
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(Buffer.of(0xff, 0x4f, 0xff, 0x51));
  return start < 0 ? bytes : bytes.subarray(start);
}

/** Size and precision from the header of a JPEG, JPEG-LS or JPEG 2000 stream; null where it is none or is cut short. */
export function readCodestreamHeader(bytes: Uint8Array): CodestreamHeader | null {
  if (bytes[0] !== 0xff) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[1] === 0x4f) return jpeg2000Header(view);
  return bytes[1] === 0xd8 ? jpegHeader(view) : null;
}

/** SOC, then SIZ (ITU-T T.800 A.5.1). */
function jpeg2000Header(view: DataView): CodestreamHeader | null {
  if (view.byteLength < 43 || view.getUint16(2) !== 0xff51) return null;
  return {
    columns: view.getUint32(8) - view.getUint32(16),
    rows: view.getUint32(12) - view.getUint32(20),
    components: view.getUint16(40),
    precision: (view.getUint8(42) & 0x7f) + 1,
  };
}

/** Markers up to the frame header, SOFn or SOF55 (ITU-T T.81 B.2.2, T.87 C.2.2). */
function jpegHeader(view: DataView): CodestreamHeader | null {
  let ybr: boolean | undefined;
  for (let at = 2; at + 4 <= view.byteLength;) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = view.getUint16(at + 2);
    if (isFrameHeader(marker)) {
      if (at + 10 > view.byteLength) return null;
      const lossless = marker === 0xc3 || marker === 0xf7;
      return {
        columns: view.getUint16(at + 7),
        rows: view.getUint16(at + 5),
        components: view.getUint8(at + 9),
        precision: view.getUint8(at + 4),
        ...(ybr !== undefined && !lossless && { ybr }),
      };
    }
    if (marker === 0xe0 && text(view, at + 4, 4) === 'JFIF') ybr ??= true;
    if (marker === 0xee && text(view, at + 4, 5) === 'Adobe' && at + 15 < view.byteLength) {
      ybr = view.getUint8(at + 15) !== 0;
    }
    at += 2 + length;
  }
  return null;
}

/** C4, C8 and CC are tables and an extension, not frames. */
const isFrameHeader = (marker: number): boolean =>
  (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) || marker === 0xf7;

function text(view: DataView, at: number, length: number): string {
  if (at + length > view.byteLength) return '';
  return Buffer.from(view.buffer, view.byteOffset + at, length).toString('latin1');
}
