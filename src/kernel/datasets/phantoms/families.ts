import { brain } from './families/brain';
import { cardiac } from './families/cardiac';
import { ct } from './families/ct';
import { dermoscopy } from './families/dermoscopy';
import { endoscopy } from './families/endoscopy';
import { fundus } from './families/fundus';
import { microscopy } from './families/microscopy';
import { mosaic } from './families/mosaic';
import { shapes } from './families/shapes';
import { ultrasound } from './families/ultrasound';
import { vertebrae } from './families/vertebrae';
import { xray } from './families/xray';
import type { Random } from '../random';
import type { Family } from './scene';

/** Every kind of picture that can be drawn. `weight`: how often pre-training draws it; 0 is held out for the demo. */
export const families = {
  shapes: { draw: shapes, weight: 5, coloured: false },
  mosaic: { draw: mosaic, weight: 1.5, coloured: false },
  cardiac: { draw: cardiac, weight: 2, coloured: false },
  dermoscopy: { draw: dermoscopy, weight: 1.5, coloured: true },
  ultrasound: { draw: ultrasound, weight: 2, coloured: false },
  fundus: { draw: fundus, weight: 1.5, coloured: true },
  xray: { draw: xray, weight: 1.5, coloured: false },
  ct: { draw: ct, weight: 2, coloured: false },
  brain: { draw: brain, weight: 1.5, coloured: false },
  endoscopy: { draw: endoscopy, weight: 1, coloured: true },
  microscopy: { draw: microscopy, weight: 1, coloured: true },
  vertebrae: { draw: vertebrae, weight: 0, coloured: false },
} as const satisfies Record<string, { draw: Family; weight: number; coloured: boolean }>;

export type FamilyName = keyof typeof families;

export const familyNames = Object.keys(families) as FamilyName[];

/** The families that pre-training draws: all but the one that the demo fine-tunes on. */
export const pretrainingFamilies: readonly FamilyName[] = familyNames.filter((name) => families[name].weight > 0);

export function isFamilyName(name: string): name is FamilyName {
  return Object.hasOwn(families, name);
}

/** A pre-training family, by weight. */
export function randomFamily(random: Random): FamilyName {
  const total = pretrainingFamilies.reduce((sum, name) => sum + families[name].weight, 0);
  let left = random.uniform(0, total);
  for (const name of pretrainingFamilies) {
    left -= families[name].weight;
    if (left < 0) return name;
  }
  return pretrainingFamilies[0];
}
