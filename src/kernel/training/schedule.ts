/** Share of the run in which the learning rate rises to its peak. */
const warmUp = 0.05;

/** Linear warm-up, then cosine decay to a hundredth. progress: 0..1 of the whole run → learning rate. */
export function learningRateAt(progress: number, peak: number): number {
  if (progress < warmUp) return (peak * (progress + 0.002)) / (warmUp + 0.002);
  const descent = (progress - warmUp) / (1 - warmUp);
  return peak * (0.01 + 0.99 * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, descent))));
}
