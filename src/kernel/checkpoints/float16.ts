// IEEE 754 binary16 ↔ binary32. Reading goes through a table of all 65 536 values; writing works on the bits.

let table: Float32Array | undefined;

function halfTable(): Float32Array {
  if (table) return table;
  table = new Float32Array(1 << 16);
  for (let bits = 0; bits < table.length; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else if (exponent === 31) table[bits] = fraction === 0 ? sign * Infinity : NaN;
    else table[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return table;
}

/** Half precision → float32, exactly. */
export function halfToFloat(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const values = halfTable();
  const result = new Float32Array(halves.length);
  for (let index = 0; index < halves.length; index++) result[index] = values[halves[index]];
  return result;
}

/** float32 → half precision, round to nearest, ties to even; too large becomes infinite, too small becomes zero. */
export function floatToHalf(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const result = new Uint16Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const sign = (bits[index] >>> 16) & 0x8000;
    const magnitude = bits[index] & 0x7fffffff;
    result[index] = sign | halfMagnitude(magnitude);
  }
  return result;
}

function halfMagnitude(magnitude: number): number {
  // NaN stays NaN; 65 520 and above, infinity too, is beyond the largest half (65 504) rounded.
  if (magnitude > 0x7f800000) return 0x7e00;
  if (magnitude >= 0x477ff000) return 0x7c00;
  if (magnitude >= 0x38800000) {
    // Normal: rebias the exponent by 127 − 15, drop 13 bits of fraction. A carry runs into the exponent as it should.
    const rebiased = magnitude - 0x38000000;
    return (rebiased + 0x0fff + ((rebiased >> 13) & 1)) >> 13;
  }
  // Subnormal: a multiple of 2⁻²⁴. The fraction with its hidden bit shifts right by what the exponent lacks.
  const shift = 126 - (magnitude >> 23);
  if (shift > 24) return 0;
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  const quotient = fraction >> shift;
  const rest = fraction & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return quotient + (rest > tie || (rest === tie && (quotient & 1) === 1) ? 1 : 0);
}

/** bfloat16 → float32: the upper half of its bits. */
export function bfloatToFloat(values: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(values.length);
  for (let index = 0; index < values.length; index++) bits[index] = values[index] << 16;
  return new Float32Array(bits.buffer);
}
