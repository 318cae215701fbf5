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
process.exit(status ?? 1);
