import { bfloatToFloat, halfToFloat } from './float16';

// Both file formats are little-endian, as is every machine that Node's ONNX Runtime is built for.

interface ElementType {
  /** Bytes per element. */
  readonly size: number;
  /** Bytes → float32; integers beyond 2²⁴ are rounded. `bytes` starts at offset 0 of its buffer. */
  readonly toFloat32: (bytes: Uint8Array<ArrayBuffer>) => Float32Array;
}

/** Element types that a checkpoint may hold, by their name in safetensors. */
export const elementTypes = {
  F32: { size: 4, toFloat32: ({ buffer }) => new Float32Array(buffer) },
  F16: { size: 2, toFloat32: ({ buffer }) => halfToFloat(new Uint16Array(buffer)) },
  BF16: { size: 2, toFloat32: ({ buffer }) => bfloatToFloat(new Uint16Array(buffer)) },
  F64: { size: 8, toFloat32: ({ buffer }) => Float32Array.from(new Float64Array(buffer)) },
  I64: { size: 8, toFloat32: ({ buffer }) => Float32Array.from(new BigInt64Array(buffer), Number) },
  I32: { size: 4, toFloat32: ({ buffer }) => Float32Array.from(new Int32Array(buffer)) },
  U8: { size: 1, toFloat32: (bytes) => Float32Array.from(bytes) },
  BOOL: { size: 1, toFloat32: (bytes) => Float32Array.from(bytes) },
} as const satisfies Record<string, ElementType>;

export type ElementTypeName = keyof typeof elementTypes;

export const isElementTypeName = (name: unknown): name is ElementTypeName =>
  typeof name === 'string' && Object.hasOwn(elementTypes, name);
