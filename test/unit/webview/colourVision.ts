// What eyes make of colours: contrast (WCAG 2.2) and distance in CIELAB, as seen with all receptors or without one kind.

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** Full protanopia, deuteranopia and tritanopia on linear RGB (Machado, Oliveira & Fernandes 2009). */
const visions: readonly Matrix[] = [
  [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
];

const toXyz: Matrix = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
];

const times = (matrix: Matrix, [x, y, z]: Triple): Triple => {
  const [a, b, c] = matrix.map((row) => row[0] * x + row[1] * y + row[2] * z);
  return [a, b, c];
};

function linear(hex: string): Triple {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return [red, green, blue];
}

export function contrast(one: string, other: string): number {
  const [low, high] = [one, other].map((hex) => times(toXyz, linear(hex))[1]).sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** The smallest distance (CIE76) over the four kinds of vision; about 2 is just seen, side by side. */
export function apart(one: string, other: string): number {
  const distances = visions.map((vision) => {
    const [a, b] = [one, other].map((hex) => lab(times(vision, linear(hex))));
    return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
  });
  return Math.min(...distances);
}

function lab(rgb: Triple): Triple {
  const clipped = rgb.map((value) => Math.min(1, Math.max(0, value)));
  const [x, y, z] = times(toXyz, [clipped[0], clipped[1], clipped[2]]);
  const f = (value: number) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  const [fx, fy, fz] = [f(x / 0.95047), f(y), f(z / 1.08883)];
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}
