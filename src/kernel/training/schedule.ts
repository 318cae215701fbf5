export const scheduleNames = ['cosine', 'step', 'constant'] as const;
export type ScheduleName = (typeof scheduleNames)[number];

/** How the learning rate moves over a run. */
export interface Schedule {
  /** Peak learning rate. */
  readonly lr: number;
  /** After the warm-up: a cosine down to a hundredth, half as much after every quarter of the run, or the peak. */
  readonly schedule: ScheduleName;
  /** Share of the run in which the rate rises to its peak, in a line; 0: none. */
  readonly warmup: number;
}

export const scheduleDefaults = { schedule: 'cosine', warmup: 0.05 } as const satisfies Omit<Schedule, 'lr'>;

/** progress: 0..1 of the whole run → learning rate. */
export function learningRateAt(progress: number, { lr, schedule, warmup }: Schedule): number {
  if (progress < warmup) return (lr * (progress + 0.002)) / (warmup + 0.002);
  return lr * decays[schedule](progress, Math.min(1, (progress - warmup) / (1 - warmup)));
}

/** Share of the peak: by the share of the run, and by the share of what follows the warm-up. */
const decays: { readonly [Name in ScheduleName]: (progress: number, descent: number) => number } = {
  cosine: (_, descent) => 0.01 + 0.99 * 0.5 * (1 + Math.cos(Math.PI * descent)),
  step: (progress) => 0.5 ** Math.min(3, Math.floor(4 * progress)),
  constant: () => 1,
};
