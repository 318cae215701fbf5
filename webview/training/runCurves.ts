import type { CurveName, CurveTable, RunSummary } from '../../src/protocol';
import { Points } from './points';
import { Average } from './smoothing';

export interface Curve {
  readonly name: CurveName;
  readonly points: Points;
}

/** All curves of one run, as far as the page was told. */
export class RunCurves {
  private readonly curves = new Map<string, Curve>();
  private readonly averages = new Map<string, Average>();
  private changes = 0;

  /** Rises with every change. */
  get version(): number {
    return this.changes;
  }

  /** Tables apply in order: what their curves hold from a table's first step on is replaced. */
  apply(tables: readonly CurveTable[], anew: boolean): void {
    if (anew) {
      this.curves.clear();
      this.averages.clear();
    }
    for (const { steps, curves } of tables) {
      for (const { name, values } of curves) {
        const { points } = this.curve(name);
        if (steps.length > 0) points.dropFrom(steps[0]);
        values.forEach((value, index) => {
          if (value !== null) points.append(steps[index], value);
        });
      }
    }
    this.changes++;
  }

  list(): Curve[] {
    return [...this.curves.values()];
  }

  /** The moving average of a curve of this run. */
  averaged({ name, points }: Curve, memory: number): Points {
    const key = JSON.stringify(name);
    let average = this.averages.get(key);
    if (average?.memory !== memory) this.averages.set(key, (average = new Average(points, memory)));
    return average.follow();
  }

  private curve(name: CurveName): Curve {
    const key = JSON.stringify(name);
    let curve = this.curves.get(key);
    if (curve === undefined) this.curves.set(key, (curve = { name, points: new Points() }));
    return curve;
  }
}

/** What a saved output holds; one of version 0.1 has the loss and the Dice. */
export function savedTables({ curves, loss, dice }: RunSummary): CurveTable[] {
  if (curves !== undefined) return curves;
  const table = (name: CurveName, points: readonly (readonly [number, number])[]): CurveTable => ({
    steps: points.map(([step]) => step),
    curves: [{ name, values: points.map(([, value]) => value) }],
  });
  const scores = Object.entries(dice).map(([setting, points]) =>
    table({ quantity: 'dice', setting, class: null }, points),
  );
  return [table({ quantity: 'loss' }, loss), ...scores];
}
