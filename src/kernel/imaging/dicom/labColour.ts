import type { Colour } from '../picture';

/** Row-major: linear sRGB → XYZ with the white of D50 (ICC's profile connection space, Bradford-adapted). */
const toXyz = [0.4360747, 0.3850649, 0.1430804, 0.2225045, 0.7168786, 0.0606169, 0.0139322, 0.0971045, 0.7141733];
const white = [0.96422, 1, 0.82521];

/**
 * A colour as DICOM's recommended display CIELab value (PS3.3 C.10.7.1.1): L* from 0 to 100, a* and b* from −128 to 127,
 * each over the whole range of 16 bits.
 */
export function dicomLab(colour: Colour): [number, number, number] {
  const linear = colour.map((level) => {
    const part = level / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const [x, y, z] = [0, 1, 2].map((row) => {
    const value = toXyz[3 * row] * linear[0] + toXyz[3 * row + 1] * linear[1] + toXyz[3 * row + 2] * linear[2];
    const ratio = value / white[row];
    return ratio > (6 / 29) ** 3 ? Math.cbrt(ratio) : ratio / (3 * (6 / 29) ** 2) + 4 / 29;
  });
  const scale = (value: number, low: number, span: number): number =>
    Math.min(0xffff, Math.max(0, Math.round(((value - low) / span) * 0xffff)));
  return [scale(116 * y - 16, 0, 100), scale(500 * (x - y), -128, 255), scale(200 * (y - z), -128, 255)];
}
