import type { SettingScores } from '../../protocol';
import type { Mask } from '../imaging';

/** Means over the classes, each weighing the same; of a class, over the `n` cases that show it. */
export type SettingMetrics = Required<SettingScores>;

interface Counts {
  both: number;
  answered: number;
  target: number;
}

/**
 * Dice and IoU of volumes from their slices: pixels are counted over all slices of a case, so that a slice weighs what it
 * holds of the target. A picture is a volume of one slice.
 */
export class OverlapTally {
  /** Of the case in work, by setting and class. */
  private counts = new Map<string, Map<string, Counts>>();
  private readonly scores = new Map<string, Map<string, { dice: number; iou: number }[]>>();

  constructor(private readonly settings: readonly string[]) {
    for (const setting of settings) this.scores.set(setting, new Map());
  }

  /** A slice of the case in work; both masks of one size. */
  add(className: string, setting: string, answer: Mask, target: Mask): void {
    const counts = entry(
      entry(this.counts, setting, () => new Map<string, Counts>()),
      className,
      () => ({
        both: 0,
        answered: 0,
        target: 0,
      }),
    );
    for (let index = 0; index < target.data.length; index++) {
      counts.both += answer.data[index] & target.data[index];
      counts.answered += answer.data[index];
      counts.target += target.data[index];
    }
  }

  /** The slices that follow belong to another case. */
  endCase(): void {
    for (const [setting, classes] of this.counts) {
      for (const [className, { both, answered, target }] of classes) {
        const sum = answered + target;
        const score = { dice: sum === 0 ? 1 : (2 * both) / sum, iou: sum === 0 ? 1 : both / (sum - both) };
        entry(this.scores.get(setting)!, className, () => [] as { dice: number; iou: number }[]).push(score);
      }
    }
    this.counts = new Map();
  }

  /** Of all cases that have ended, per setting. */
  metrics(): Record<string, SettingMetrics> {
    return Object.fromEntries(
      this.settings.map((setting) => {
        const classes = [...this.scores.get(setting)!].map(([className, scores]) => {
          const [dice, iou] = [mean(scores.map((score) => score.dice)), mean(scores.map((score) => score.iou))];
          return [className, { dice, iou, n: scores.length }] as const;
        });
        const over = (metric: 'dice' | 'iou'): number => mean(classes.map(([, metrics]) => metrics[metric]));
        return [setting, { dice: over('dice'), iou: over('iou'), classes: Object.fromEntries(classes) }];
      }),
    );
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}
