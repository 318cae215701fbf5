import { shown } from '../downloads';
import type { Installation, Plan } from '../gpu';

export const gpuSize = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

/** What an install would fetch, for people. */
export function planLines(
  { onnxruntime, cuda, fetches, onSystem, downloadBytes, diskBytes }: Plan,
  root: string,
): string[] {
  return [
    `CUDA ${cuda} for ONNX Runtime ${onnxruntime}, into ${root}`,
    ...fetches.map(
      ({ remote, size }) => `  ${remote.name} ${remote.version}: ${gpuSize(size)} from ${new URL(remote.url).host}`,
    ),
    ...(onSystem.length > 0 ? [`  this machine has ${onSystem.join(', ')}`] : []),
    `to fetch: ${gpuSize(downloadBytes)}; free space needed meanwhile: up to ${gpuSize(diskBytes)}`,
  ];
}

/** The same for programs. */
export const planObject = (plan: Plan, root: string): Record<string, unknown> => ({
  folder: root,
  onnxruntime: plan.onnxruntime,
  cuda: plan.cuda,
  packages: plan.fetches.map(({ remote: { name, version, url, checksums }, size }) => ({
    name,
    version,
    size,
    url: shown(url),
    checksums,
  })),
  onSystem: plan.onSystem,
  downloadBytes: plan.downloadBytes,
  diskBytes: plan.diskBytes,
});

export function installationLines({ folder, onnxruntime, cuda, packages, files }: Installation): string[] {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return [
    `CUDA ${cuda} for ONNX Runtime ${onnxruntime}: installed in ${folder} (${gpuSize(bytes)})`,
    ...packages.map(({ name, version }) => `  ${name} ${version}`),
  ];
}
