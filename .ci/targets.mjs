// What of the native packages each platform needs. Pure JavaScript and WebAssembly are the same everywhere.

/** Platforms that a VSIX is made for, by VS Code's names. */
export const targets = ['linux-x64', 'linux-arm64', 'win32-x64', 'darwin-arm64'];

export const hostTarget = `${process.platform}-${process.arch}`;

/** npm packages that hold nothing but one platform's native code. */
export function nativePackages(target) {
  // On Windows libvips is part of sharp's own package.
  const libvips = target.startsWith('win32') ? [] : [`@img/sharp-libvips-${target}`];
  return [`@img/sharp-${target}`, ...libvips, `@esbuild/${target}`];
}

/** onnxruntime-node holds every platform's binaries in one package: the folder of this one. */
export function onnxRuntimeFolder(target) {
  const [platform, arch] = target.split('-');
  return `node_modules/onnxruntime-node/bin/napi-v6/${platform}/${arch}`;
}

/** Of two names of one library, the binding opens that without the version: the other is the same bytes again. */
export const isNeeded = (file) => !/libonnxruntime\.\d+\.\d+\.\d+\.dylib$/.test(file);
