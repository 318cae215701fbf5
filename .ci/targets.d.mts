export const targets: readonly string[];
export const hostTarget: string;
export function nativePackages(target: string): string[];
export function onnxRuntimeFolder(target: string): string;
export function isNeeded(file: string): boolean;
