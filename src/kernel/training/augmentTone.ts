import type { Random } from '../datasets';
import type { RgbImage } from '../imaging';

/** How the intensities of a picture change. */
export interface Tone {
  /** Exponent on 0..1; below 1 brightens. */
  readonly gamma: number;
  /** Distance from the picture's mean, times. */
  readonly contrast: number;
  /** Levels added, of 255. */
  readonly brightness: number;
  /** Factors of red, green and blue: pictures in colour only. */
  readonly channels: readonly [number, number, number];
  /** Standard deviation of the noise, in levels; a grey picture stays grey. */
  readonly noise: number;
}

/** Whether any pixel is not grey. */
export function isColour({ rgb }: RgbImage): boolean {
  for (let at = 0; at < rgb.length; at += 3) if (rgb[at] !== rgb[at + 1] || rgb[at] !== rgb[at + 2]) return true;
  return false;
}

/** The picture with another tone; `random` draws the noise. */
export function retoned(image: RgbImage, tone: Tone, colour: boolean, random: Random): RgbImage {
  const { gamma, contrast, brightness, noise } = tone;
  const channels = colour ? tone.channels : ([1, 1, 1] as const);
  const plain = gamma === 1 && contrast === 1 && brightness === 0 && channels.every((factor) => factor === 1);
  if (plain && noise === 0) return image;
  const mean = contrast === 1 ? 0 : meanLevel(image.rgb);
  const [red, green, blue] = channels.map((factor) => levelTable({ ...tone, mean, factor }));
  const rgb = new Uint8ClampedArray(image.rgb.length);
  for (let at = 0; at < rgb.length; at += 3) {
    rgb[at] = red[image.rgb[at]];
    rgb[at + 1] = green[image.rgb[at + 1]];
    rgb[at + 2] = blue[image.rgb[at + 2]];
  }
  if (noise > 0) addNoise(rgb, noise, colour, random);
  return { ...image, rgb: new Uint8Array(rgb.buffer) };
}

/** New levels of 0..255. */
function levelTable(tone: Omit<Tone, 'noise' | 'channels'> & { readonly mean: number; readonly factor: number }) {
  const { gamma, contrast, brightness, mean, factor } = tone;
  return Uint8ClampedArray.from({ length: 256 }, (_, level) => {
    const bent = 255 * (level / 255) ** gamma;
    return factor * ((bent - mean) * contrast + mean + brightness);
  });
}

function meanLevel(rgb: Uint8Array): number {
  let sum = 0;
  for (const level of rgb) sum += level;
  return sum / rgb.length;
}

/** Of one byte's uniform distribution; four of them added are normal enough for noise, at a tenth of Box–Muller's time. */
const deviationOfFour = Math.sqrt((4 * (256 ** 2 - 1)) / 12);

function addNoise(rgb: Uint8ClampedArray, deviation: number, colour: boolean, random: Random): void {
  const scale = deviation / deviationOfFour;
  const draw = (): number => {
    const bits = random.bits();
    return ((bits & 255) + ((bits >> 8) & 255) + ((bits >> 16) & 255) + (bits >>> 24) - 510) * scale;
  };
  for (let at = 0; at < rgb.length; at += 3) {
    const grey = draw();
    rgb[at] += grey;
    rgb[at + 1] += colour ? draw() : grey;
    rgb[at + 2] += colour ? draw() : grey;
  }
}
