import type { AlignedData } from 'uplot';
import type { RunSummary } from '../../src/protocol';

type Curve = readonly (readonly [step: number, value: number])[];

/** The weight of what came before; about the last ten steps count. */
const smoothing = 0.9;

/** Steps, loss of every step, and its moving average (corrected for its start, as Adam's is). */
export function lossData(loss: Curve): AlignedData {
  let average = 0;
  let weight = 0;
  const smooth = loss.map(([, value]) => {
    average = smoothing * average + (1 - smoothing) * value;
    weight = smoothing * weight + (1 - smoothing);
    return average / weight;
  });
  return [loss.map(([step]) => step), loss.map(([, value]) => value), smooth];
}

/** Steps at which any setting was validated, and one row per prompt setting, null where it was not. */
export function diceData(dice: RunSummary['dice']): { names: string[]; data: AlignedData } {
  const names = Object.keys(dice);
  const steps = [...new Set(Object.values(dice).flatMap((curve) => curve.map(([step]) => step)))].sort((a, b) => a - b);
  const rows = names.map((name) => {
    const values = new Map(dice[name]);
    return steps.map((step) => values.get(step) ?? null);
  });
  return { names, data: [steps, ...rows] };
}
