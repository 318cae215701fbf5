// Makes the VSIX for the platform it runs on: native parts of other platforms stay out.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const target = `${process.platform}-${process.arch}`;
const file = path.join('dist', `med-sa-notebook-${target}.vsix`);
const ignoreFile = path.join('out', 'package.vscodeignore');

const rules = fs.readFileSync('.vscodeignore', 'utf8').replace('/linux/x64/', `/${process.platform}/${process.arch}/`);
fs.mkdirSync('out', { recursive: true });
fs.writeFileSync(ignoreFile, rules);
const vsce = path.join('node_modules', '@vscode', 'vsce', 'vsce');
// Links in the README lead to files beside it: there is no published repository to point them to.
const links = ['--allow-missing-repository', '--no-rewrite-relative-links'];
const options = ['--target', target, '--ignoreFile', ignoreFile, ...links, '--out', file];
const { status } = spawnSync(process.execPath, [vsce, 'package', ...options], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

// vsce takes the packages that npm knows of; the types of cells are made here.
const { unzipSync, zipSync } = await import('fflate');
const { cellTypesPackage, writeCellTypes } = await import('./cellTypes.mjs');
const folder = path.join('out', cellTypesPackage);
await writeCellTypes('.', folder);
const content = unzipSync(fs.readFileSync(file));
// Unpacking forgets what is executable; the files that were packed still know.
for (const [name, bytes] of Object.entries(content)) {
  const source = name.replace(/^extension\//, '');
  const mode = name !== source && fs.statSync(source, { throwIfNoEntry: false })?.mode;
  content[name] = [bytes, mode ? { os: 3, attrs: mode << 16 } : {}];
}
for (const name of fs.readdirSync(folder, { recursive: true })) {
  const from = path.join(folder, name);
  const to = `extension/node_modules/${cellTypesPackage}/${name.split(path.sep).join('/')}`;
  if (fs.statSync(from).isFile()) content[to] = fs.readFileSync(from);
}
fs.writeFileSync(file, zipSync(content));
