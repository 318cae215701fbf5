import fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Codec } from './transferSyntax';

/** What the header says of a frame, for a decoder. */
export interface FrameLayout {
  readonly columns: number;
  readonly rows: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly samplesPerPixel: number;
  readonly signed: boolean;
}

/** A decoded frame: little-endian samples. */
export interface DecodedFrame {
  readonly bytes: Uint8Array;
  readonly columns: number;
  readonly rows: number;
  readonly bitsAllocated: number;
  readonly samplesPerPixel: number;
  /** Samples of one colour lie together, not those of one pixel. */
  readonly planar: boolean;
}

type Call = (...parameters: number[]) => number;

const decoders: Readonly<Record<Codec, string>> = {
  rle: 'DecodeRle',
  jpeg: 'DecodeJpeg',
  jpegLs: 'DecodeJpegLs',
  jpeg2000: 'DecodeJpeg2000',
  htj2k: 'DecodeHtJpeg2000',
  jpegXl: 'DecodeJpegXl',
};

/** The module's numbers of photometric interpretations that decoding depends on: it converts nothing here. */
const photometric = { monochrome2: 1, rgb: 3 };

/** Memory of a module never shrinks: one that has grown beyond this is given up after use. */
const largestKept = 2 ** 28;

let compiled: Promise<WebAssembly.Module> | null = null;
let current: Codecs | null = null;

/**
 * Decodes one compressed frame without converting colours. The decoders (libjpeg, CharLS, OpenJPEG, OpenJPH, libjxl) run
 * in WebAssembly, whose memory nothing they do can leave.
 * @throws Error, saying what the decoder says, for a damaged stream.
 */
export async function decodeFrame(codec: Codec, encoded: Uint8Array, layout: FrameLayout): Promise<DecodedFrame> {
  current ??= new Codecs(await (compiled ??= compile()));
  try {
    return current.decode(codec, encoded, layout);
  } catch (error) {
    // Its state is unknown now.
    current = null;
    throw error;
  } finally {
    if (current && current.memoryBytes > largestKept) current = null;
  }
}

async function compile(): Promise<WebAssembly.Module> {
  const file = createRequire(import.meta.url).resolve('dcmjs-codecs/build/dcmjs-native-codecs.wasm');
  return WebAssembly.compile(await fs.readFile(file));
}

/** One instance of the module; its interface is the one that the package's own JavaScript calls. */
class Codecs {
  readonly #memory: WebAssembly.Memory;
  readonly #exports: WebAssembly.Exports;

  constructor(module: WebAssembly.Module) {
    const instance = new WebAssembly.Instance(module, this.#imports());
    this.#exports = instance.exports;
    this.#memory = instance.exports.memory as WebAssembly.Memory;
    if (typeof this.#exports._initialize === 'function') this.#call('_initialize');
  }

  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  decode(codec: Codec, encoded: Uint8Array, layout: FrameLayout): DecodedFrame {
    const context = this.#call('CreateCodecsContext');
    this.#call('SetColumns', context, layout.columns);
    this.#call('SetRows', context, layout.rows);
    this.#call('SetBitsAllocated', context, layout.bitsAllocated);
    this.#call('SetBitsStored', context, layout.bitsStored);
    this.#call('SetSamplesPerPixel', context, layout.samplesPerPixel);
    this.#call('SetPixelRepresentation', context, layout.signed ? 1 : 0);
    this.#call('SetPlanarConfiguration', context, 0);
    const interpretation = layout.samplesPerPixel === 3 ? photometric.rgb : photometric.monochrome2;
    this.#call('SetPhotometricInterpretation', context, interpretation);
    this.#call('SetEncodedBufferSize', context, encoded.length);
    const target = this.#call('GetEncodedBuffer', context);
    new Uint8Array(this.#memory.buffer).set(encoded, target);
    const parameters = this.#call('CreateDecoderParameters');
    this.#call('SetConvertColorspaceToRgb', parameters, 0);
    this.#call(decoders[codec], context, parameters);
    this.#call('ReleaseDecoderParameters', parameters);
    const from = this.#call('GetDecodedBuffer', context);
    const length = this.#call('GetDecodedBufferSize', context);
    const frame = {
      bytes: new Uint8Array(this.#memory.buffer, from, length).slice(),
      columns: this.#call('GetColumns', context),
      rows: this.#call('GetRows', context),
      bitsAllocated: this.#call('GetBitsAllocated', context),
      samplesPerPixel: this.#call('GetSamplesPerPixel', context),
      planar: this.#call('GetPlanarConfiguration', context) === 1,
    };
    this.#call('ReleaseCodecsContext', context);
    return frame;
  }

  #call(name: string, ...parameters: number[]): number {
    return (this.#exports[name] as Call)(...parameters);
  }

  #imports(): WebAssembly.Imports {
    const text = (at: number, length: number): string =>
      Buffer.from(new Uint8Array(this.#memory.buffer, at, length)).toString('latin1');
    const exported = {
      onCodecsInfo: (): void => undefined,
      onCodecsTrace: (): void => undefined,
      onCodecsException: (at: number, length: number): never => {
        throw new Error(text(at, length));
      },
      emscripten_notify_memory_growth: (): void => undefined,
    };
    const setWord = (at: number, value: number): void => new DataView(this.#memory.buffer).setUint32(at, value, true);
    const system = {
      proc_exit: (code: number): never => {
        throw new Error(`the decoder ended with ${code}`);
      },
      clock_time_get: (_clock: number, _precision: bigint, at: number): number => {
        setWord(at, 0);
        setWord(at + 4, 0);
        return 0;
      },
      environ_sizes_get: (count: number, size: number): number => {
        setWord(count, 0);
        setWord(size, 0);
        return 0;
      },
      environ_get: (): number => 0,
      // What the libraries print is dropped: the exception says what matters.
      fd_write: (_file: number, vectors: number, count: number, written: number): number => {
        const view = new DataView(this.#memory.buffer);
        let bytes = 0;
        for (let index = 0; index < count; index++) bytes += view.getUint32(vectors + 8 * index + 4, true);
        setWord(written, bytes);
        return 0;
      },
      fd_seek: (): number => 0,
      fd_close: (): number => 0,
    };
    return { env: exported, wasi_snapshot_preview1: system };
  }
}
