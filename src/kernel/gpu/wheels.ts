/** A wheel's name in parts (PEP 427). */
export interface WheelName {
  /** In the index's spelling: lower case, words joined by "-". */
  readonly project: string;
  readonly version: string;
  /** As "manylinux_2_28_x86_64"; several are joined by ".". */
  readonly platform: string;
}

/** @returns null for a name that is no wheel's */
export function parseWheelName(file: string): WheelName | null {
  const parts = /^([^-]+)-([^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-([^-]+)\.whl$/.exec(file);
  return parts && { project: normalized(parts[1]), version: parts[2], platform: parts[3] };
}

/** PEP 503. */
export const normalized = (project: string): string => project.replace(/[-_.]+/g, '-').toLowerCase();

/** Whether it runs on 64-bit Intel and AMD Linux with glibc. */
export const isForLinuxX64 = ({ platform }: WheelName): boolean =>
  platform.split('.').some((tag) => /^(many)?linux\w*_x86_64$/.test(tag));

/** Releases only: digits and dots; a pre-release is nothing to install unasked. */
export const isRelease = (version: string): boolean => /^\d+(\.\d+)*(\.post\d+)?$/.test(version);

/** Order of releases, by their numbers. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => (version.match(/\d+/g) ?? []).map(Number));
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
