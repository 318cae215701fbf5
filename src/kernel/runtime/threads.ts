import fs from 'node:fs';
import os from 'node:os';

/**
 * Threads for one run: one per physical core, as matrix products gain nothing from a core's second hardware thread.
 * Linux tells which hardware threads share a core; elsewhere every processor that the system grants counts as one.
 * (ONNX Runtime's own default counts the machine's cores even where a cluster grants this process only some.)
 */
export function defaultThreads(): number {
  const granted = os.availableParallelism();
  if (process.platform !== 'linux') return granted;
  const cores = new Set<string>();
  for (let cpu = 0; cpu < os.cpus().length; cpu++) {
    try {
      cores.add(fs.readFileSync(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`, 'utf8').trim());
    } catch {
      return granted; // a container may hide the topology
    }
  }
  return Math.max(1, Math.min(granted, cores.size));
}
