import fs from 'node:fs';
import path from 'node:path';
import { driverLibrary, isOfTheSystem } from './cudaLibraries';
import { readDynamicSection } from './elf';
import type { SystemLibraries } from './systemLibraries';

/** The CUDA provider's file, beside which its libraries lie. */
export const providerFile = 'libonnxruntime_providers_cuda.so';

/** What the libraries of a folder need, and neither the folder, nor the machine, nor a driver has. */
export async function missingLibraries(native: string, onSystem: SystemLibraries): Promise<string[]> {
  const missing = new Set<string>();
  for (const name of fs.readdirSync(native)) {
    for (const need of (await readDynamicSection(path.join(native, name))).needed) {
      const found = isOfTheSystem(need) || need === driverLibrary || onSystem(need);
      if (!found && !fs.existsSync(path.join(native, need))) missing.add(need);
    }
  }
  return [...missing];
}

/**
 * Every library that the provider names or opens, each after what it needs itself. The provider has no run path of its
 * own, so the loader finds them only where they are open already.
 */
export async function preloadOrder(native: string): Promise<string[]> {
  const own = (name: string): boolean => /\.so\.\d+$/.test(name) && !/^libonnxruntime/.test(name);
  const present = fs.readdirSync(native).filter(own).sort();
  const needs = new Map<string, readonly string[]>();
  for (const name of present) needs.set(name, (await readDynamicSection(path.join(native, name))).needed);
  const { needed } = await readDynamicSection(path.join(native, providerFile));
  const order: string[] = [];
  const add = (name: string): void => {
    if (order.includes(name) || !needs.has(name)) return;
    for (const need of needs.get(name) ?? []) add(need);
    order.push(name);
  };
  // cuDNN loads its own parts, by its own run path, when they are used.
  for (const name of [...needed, ...present.filter((one) => !/^libcudnn_/.test(one))]) add(name);
  return order;
}
