import fs from 'node:fs';
import path from 'node:path';
import type { RuntimePackage } from '../../src/kernel/gpu';
import { libraryFile } from './libraryFile';
import { temporaryFolder } from './temporaryFolder';

/** npm's packages of ONNX Runtime in small. */
export function npmRuntime(version: string): RuntimePackage {
  const folder = temporaryFolder('npm');
  const write = (name: string, content: string | Buffer): void => {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), content);
  };
  write('onnxruntime-node/package.json', JSON.stringify({ name: 'onnxruntime-node', version, main: 'dist/index.js' }));
  write('onnxruntime-node/dist/index.js', 'module.exports = {}');
  write('onnxruntime-node/dist/index.js.map', '{}');
  write('onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1', libraryFile({ soname: 'npm', needed: [] }));
  write(
    'onnxruntime-node/bin/napi-v6/linux/x64/onnxruntime_binding.node',
    libraryFile({ soname: 'binding', needed: [] }),
  );
  write('onnxruntime-node/bin/napi-v6/win32/x64/onnxruntime.dll', 'not for this system');
  write('onnxruntime-common/package.json', JSON.stringify({ name: 'onnxruntime-common', version }));
  write('onnxruntime-common/dist/cjs/index.js', 'module.exports = {}');
  return { version, folder: path.join(folder, 'onnxruntime-node'), common: path.join(folder, 'onnxruntime-common') };
}
