// The inspector's colours, for the page that draws maps and for the kernel that exports them: the same value must have
// the same colour in both. Both maps are straight in OKLab's lightness, so that equal steps look equal.

export type ColourMapName = 'sequential' | 'diverging';

type Oklch = readonly [lightness: number, chroma: number, hue: number];

/** OKLCh → sRGB, 0..255, clipped (Björn Ottosson, "A perceptual color space for image processing"). */
function toRgb([lightness, chroma, hue]: Oklch): [number, number, number] {
  const angle = (hue * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(angle), chroma * Math.sin(angle)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const [red, green, blue] = linear.map((value) => {
    const clipped = Math.min(1, Math.max(0, value));
    const encoded = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055;
    return Math.round(255 * encoded);
  });
  return [red, green, blue];
}

/** Dark violet over teal to light yellow. */
const sequential = (at: number): Oklch => [
  0.2 + 0.72 * at,
  0.06 + 0.1 * Math.sin(Math.PI * (0.15 + 0.8 * at)),
  300 - 200 * at,
];

/** Blue below, near white at the middle, red above; both ends equally dark. */
function diverging(at: number): Oklch {
  const away = Math.abs(2 * at - 1);
  return [0.96 - 0.48 * away, 0.17 * away ** 0.8, at < 0.5 ? 255 : 30];
}

const tables = new Map<ColourMapName, Uint8Array>();

/** 256 colours, three bytes each, from the lowest value to the highest. */
export function colourTable(name: ColourMapName): Uint8Array {
  const known = tables.get(name);
  if (known !== undefined) return known;
  const at = name === 'sequential' ? sequential : diverging;
  const table = Uint8Array.from(Array.from({ length: 256 }, (_, index) => toRgb(at(index / 255))).flat());
  tables.set(name, table);
  return table;
}

/** The masks of the adapted and the frozen model over an image: apart for the colour-blind, too. */
export const maskColours = {
  both: [255, 255, 255],
  adapted: [230, 159, 0],
  frozen: [86, 180, 233],
} as const;
