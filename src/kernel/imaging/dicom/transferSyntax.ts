import { UserError } from '../../errors';

/** How compressed pixels are decoded. JPEG covers baseline, extended and lossless: the stream itself tells. */
export type Codec = 'rle' | 'jpeg' | 'jpegLs' | 'jpeg2000' | 'htj2k' | 'jpegXl';

/** How an object is encoded (PS3.5 annex A). */
export interface TransferSyntax {
  readonly name: string;
  readonly explicit: boolean;
  readonly little: boolean;
  readonly deflated: boolean;
  /** Null where pixels lie as they are. */
  readonly codec: Codec | null;
}

const native = (name: string, how: Partial<TransferSyntax> = {}): TransferSyntax => ({
  name,
  explicit: true,
  little: true,
  deflated: false,
  codec: null,
  ...how,
});
const compressed = (name: string, codec: Codec): TransferSyntax => native(name, { codec });

const root = '1.2.840.10008.1.2';
export const explicitLittleEndian = `${root}.1`;

const syntaxes: Readonly<Record<string, TransferSyntax>> = {
  [root]: native('implicit VR little endian', { explicit: false }),
  [explicitLittleEndian]: native('explicit VR little endian'),
  [`${root}.1.99`]: native('deflated explicit VR little endian', { deflated: true }),
  [`${root}.2`]: native('explicit VR big endian', { little: false }),
  [`${root}.5`]: compressed('RLE', 'rle'),
  [`${root}.4.50`]: compressed('JPEG baseline', 'jpeg'),
  [`${root}.4.51`]: compressed('JPEG extended', 'jpeg'),
  [`${root}.4.57`]: compressed('JPEG lossless', 'jpeg'),
  [`${root}.4.70`]: compressed('JPEG lossless, first-order prediction', 'jpeg'),
  [`${root}.4.80`]: compressed('JPEG-LS lossless', 'jpegLs'),
  [`${root}.4.81`]: compressed('JPEG-LS near-lossless', 'jpegLs'),
  [`${root}.4.90`]: compressed('JPEG 2000 lossless', 'jpeg2000'),
  [`${root}.4.91`]: compressed('JPEG 2000', 'jpeg2000'),
  [`${root}.4.110`]: compressed('JPEG XL lossless', 'jpegXl'),
  [`${root}.4.112`]: compressed('JPEG XL', 'jpegXl'),
  [`${root}.4.201`]: compressed('high-throughput JPEG 2000 lossless', 'htj2k'),
  [`${root}.4.202`]: compressed('high-throughput JPEG 2000 lossless, RPCL', 'htj2k'),
  [`${root}.4.203`]: compressed('high-throughput JPEG 2000', 'htj2k'),
};

/** @throws UserError for an encoding that is not read (video, JPIP, …). */
export function transferSyntaxOf(file: string, uid: string): TransferSyntax {
  if (Object.hasOwn(syntaxes, uid)) return syntaxes[uid];
  throw new UserError(
    `${file} is encoded with transfer syntax ${uid.slice(0, 64)}, which is not read: ` +
      'save it as explicit VR little endian (dcmconv or dcmdjpeg of dcmtk)',
    { file },
  );
}
