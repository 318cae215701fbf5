import type { Translate } from '../l10n';

/** A time for people, in its largest unit and the one below: "8 s", "3 min", "2 h 10 min". */
export function durationText(seconds: number, t: Translate): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return t('{0} s', whole);
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return t('{0} min', minutes);
  return t('{0} h {1} min', Math.floor(minutes / 60), minutes % 60);
}

/** Bytes for people: "375 MB", "1.2 GB". */
export const sizeText = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;

/** "1.2 M", "320 k": how many parameters. */
export const countText = (count: number): string =>
  count >= 1e6 ? `${(count / 1e6).toFixed(1)} M` : count >= 1e4 ? `${Math.round(count / 1e3)} k` : String(count);
