export function bundledPackages(metafile: unknown, bundles: readonly string[]): string[];
export function packageOf(file: string): string | null;
export function noticesOf(packages: readonly string[]): string;
