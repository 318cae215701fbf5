// Which intensities are seen: everything at or below `low` is black, at or above `high` white.
import type { IntensityWindow } from '../../src/protocol';
import type { SliceImage } from './tone';

export interface WindowPreset {
  name: string;
  /** null: from the values of the slice. */
  window: IntensityWindow | null;
}

const fromLevel = (level: number, width: number): IntensityWindow => ({
  low: level - width / 2,
  high: level + width / 2,
});

/** Levels and widths of radiology's workstations, in Hounsfield units. */
export const ctPresets: readonly WindowPreset[] = [
  { name: 'CT lung', window: fromLevel(-600, 1500) },
  { name: 'CT bone', window: fromLevel(400, 1800) },
  { name: 'CT soft tissue', window: fromLevel(40, 400) },
  { name: 'CT brain', window: fromLevel(40, 80) },
];

export const autoPreset: WindowPreset = { name: 'Auto', window: null };

export function levelOf({ low, high }: IntensityWindow): { level: number; width: number } {
  return { level: (low + high) / 2, width: high - low };
}

/** A window from level and width; no narrower than `least`, so that it keeps two sides. */
export function windowOf(level: number, width: number, least = 1e-6): IntensityWindow {
  return fromLevel(level, Math.max(width, least));
}

/**
 * The window after a drag of `dx`, `dy` CSS pixels: to the right widens, down brightens (the level falls), as
 * workstations have it. A drag across 400 pixels goes once through `range`.
 */
export function dragWindow(start: IntensityWindow, dx: number, dy: number, range: number): IntensityWindow {
  const { level, width } = levelOf(start);
  const perPixel = Math.max(range, 1e-6) / 400;
  return windowOf(level - dy * perPixel, width + dx * perPixel, range / 1000);
}

/** Leaves out the darkest and brightest half percent, so that a few metal or noise pixels do not darken the rest. */
export function autoWindow({ data, slope, intercept }: SliceImage): IntensityWindow {
  const step = Math.max(1, Math.floor(data.length / 50_000));
  const sample = Int16Array.from({ length: Math.ceil(data.length / step) }, (_, at) => data[at * step]).sort();
  const at = (part: number) => slope * sample[Math.round(part * (sample.length - 1))] + intercept;
  const [low, high] = [at(0.005), at(0.995)];
  return high > low ? { low, high } : { low: at(0), high: Math.max(at(1), at(0) + 1) };
}

export function sameWindow(a: IntensityWindow, b: IntensityWindow): boolean {
  const tolerance = 1e-3 * Math.max(Math.abs(a.high - a.low), 1e-9);
  return Math.abs(a.low - b.low) < tolerance && Math.abs(a.high - b.high) < tolerance;
}
