import type { Random } from '../datasets';
import type { Mask, RgbImage } from '../imaging';
import { isIdentity, moveImage, moveMask, type Movement } from './augmentGeometry';
import { isColour, retoned, type Tone } from './augmentTone';

/** What may be done to an image in training. */
export interface AugmentOptions {
  /** Mirror images; off for anatomy whose sides mean something. */
  readonly flip: boolean;
}

/** What was drawn for an example: its slices move alike and have one tone; only the noise differs. */
export interface Augmentation {
  readonly movement: Movement;
  readonly tone: Tone;
}

/** Largest turn to either side, radians (15°), size factor, and shift as a part of the picture. */
const limits = { angle: Math.PI / 12, scale: 1.25, shift: 0.06 } as const;

/**
 * How often each happens. As rarely as in nnU-Net (Isensee et al., Nature Methods 2021), so that plain pictures stay
 * frequent: a fine-tune has few steps, and a model that has seen much already.
 */
const shares = {
  mirror: 0.5,
  turn: 0.2,
  scale: 0.2,
  shift: 0.2,
  gamma: 0.3,
  contrast: 0.15,
  brightness: 0.15,
  tint: 0.3,
  noise: 0.1,
} as const;

export function drawAugmentation(random: Random, { flip }: AugmentOptions): Augmentation {
  const happens = (what: keyof typeof shares): boolean => random.chance(shares[what]);
  const shift = (): number => random.uniform(-limits.shift, limits.shift);
  const movement = {
    flipX: flip && happens('mirror'),
    flipY: flip && happens('mirror'),
    angle: happens('turn') ? random.uniform(-limits.angle, limits.angle) : 0,
    scale: happens('scale') ? random.logUniform(1 / limits.scale, limits.scale) : 1,
    shift: happens('shift') ? ([shift(), shift()] as const) : ([0, 0] as const),
  };
  const gain = (): number => random.uniform(0.92, 1.08);
  const tone = {
    gamma: happens('gamma') ? random.logUniform(0.7, 1.4) : 1,
    contrast: happens('contrast') ? random.uniform(0.75, 1.25) : 1,
    brightness: happens('brightness') ? random.uniform(-25, 25) : 0,
    channels: happens('tint') ? ([gain(), gain(), gain()] as const) : ([1, 1, 1] as const),
    noise: happens('noise') ? random.uniform(2, 12) : 0,
  };
  return { movement, tone };
}

/** A picture, 8 bits RGB, moved and toned. `random` draws its noise. */
export function augmentedImage(image: RgbImage, { movement, tone }: Augmentation, random: Random): RgbImage {
  // Asked before it moves: the black that comes in at the edges is grey in any picture.
  const colour = isColour(image);
  return retoned(isIdentity(movement) ? image : moveImage(image, movement, !colour), tone, colour, random);
}

/** A mask, moved as its picture is. */
export const augmentedMask = (mask: Mask, { movement }: Augmentation): Mask =>
  isIdentity(movement) ? mask : moveMask(mask, movement);

/** The same without what can move a target out of the picture. */
export const onlyMirrored = ({ movement: { flipX, flipY }, tone }: Augmentation): Augmentation => ({
  movement: { flipX, flipY, angle: 0, scale: 1, shift: [0, 0] },
  tone,
});
