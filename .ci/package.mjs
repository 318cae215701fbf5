// Makes the VSIX of each platform named, or of all with `all`; without an argument, that of the platform it runs on.
// Native parts of other platforms stay out; those of the target come from where the lock file pins them.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { cellTypesPackage, writeCellTypes } from './cellTypes.mjs';
import { platformOf } from './nativeFormat.mjs';
import { bundledPackages, noticesOf, packageOf } from './notices.mjs';
import { packageFolder } from './registryPackage.mjs';
import { hostTarget, isNeeded, nativePackages, onnxRuntimeFolder, targets } from './targets.mjs';

/** The Marketplace takes more; nobody should have to wait for more. */
const mostBytes = 90e6;

const asked = process.argv.slice(2);
const chosen = asked.includes('all') ? targets : asked.length > 0 ? asked : [hostTarget];
const unknown = chosen.filter((target) => !targets.includes(target));
if (unknown.length > 0) {
  console.error(`No VSIX is made for ${unknown.join(', ')}: name ${targets.join(', ')}, or all.`);
  process.exit(2);
}
fs.mkdirSync('out', { recursive: true });
const common = sharedPart();
const cellTypesFolder = path.join('out', cellTypesPackage);
await writeCellTypes('.', cellTypesFolder);
const sizes = chosen.map((target) => [target, ...writeVsix(target)]);
for (const [target, bytes, unpacked] of sizes)
  console.log(`${target.padEnd(14)} ${(bytes / 1e6).toFixed(1)} MB, installed ${(unpacked / 1e6).toFixed(0)} MB`);
const large = sizes.filter(([, bytes]) => bytes > mostBytes);
if (large.length > 0) {
  console.error(`Larger than ${mostBytes / 1e6} MB: ${large.map(([target]) => target).join(', ')}.`);
  process.exit(1);
}

/** What vsce packs: everything but native code, the same for every platform but for the name of one. */
function sharedPart() {
  const file = path.join('out', 'shared.vsix');
  const vsce = path.join('node_modules', '@vscode', 'vsce', 'vsce');
  // Links in the README lead to files beside it: there is no published repository to point them to.
  const links = ['--allow-missing-repository', '--no-rewrite-relative-links'];
  const options = ['--target', hostTarget, ...links, '--out', file];
  const { status } = spawnSync(process.execPath, [vsce, 'package', ...options], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  const content = unzipSync(fs.readFileSync(file));
  fs.rmSync(file);
  return content;
}

/** @returns its size, and that of what it holds, in bytes */
function writeVsix(target) {
  const file = path.join('dist', `med-sa-notebook-${target}.vsix`);
  const entries = {};
  // Unpacking forgets what is executable; the files that were packed still know.
  for (const [name, bytes] of Object.entries(common)) entries[name] = entry(bytes, name.replace(/^extension\//, ''));
  const manifest = Buffer.from(common['extension.vsixmanifest']).toString('utf8');
  entries['extension.vsixmanifest'] = [
    Buffer.from(manifest.replace(`TargetPlatform="${hostTarget}"`, `TargetPlatform="${target}"`)),
    {},
  ];
  const add = (folder, to) => {
    for (const name of fs.readdirSync(folder, { recursive: true })) {
      const from = path.join(folder, name);
      if (fs.statSync(from).isFile() && isNeeded(from))
        entries[`extension/${to}/${name.split(path.sep).join('/')}`] = entry(fs.readFileSync(from), from);
    }
  };
  const natives = nativePackages(target).map((name) => [name, packageFolder(name)]);
  for (const [name, folder] of natives) add(folder, `node_modules/${name}`);
  add(onnxRuntimeFolder(target), onnxRuntimeFolder(target));
  // The types of cells are made here: vsce takes the packages that npm knows of.
  add(cellTypesFolder, `node_modules/${cellTypesPackage}`);
  entries['extension/THIRD-PARTY-NOTICES.txt'] = [Buffer.from(noticesOf(packagesIn(natives))), {}];
  requireOwn(entries, target);
  const zip = zipSync(entries);
  fs.writeFileSync(file, zip);
  return [zip.length, Object.values(entries).reduce((sum, [bytes]) => sum + bytes.length, 0)];
}

/** What was pinned may turn out to be something else: every piece of native code must be the target's, and some be there. */
function requireOwn(entries, target) {
  const platforms = Object.entries(entries).map(([name, [bytes]]) => [name, platformOf(bytes)]);
  const foreign = platforms.filter(([, platform]) => platform !== null && platform !== target);
  const own = platforms.filter(([, platform]) => platform === target);
  if (foreign.length > 0 || own.length === 0) {
    const found = foreign.map(([name, platform]) => `${name} (${platform})`).join(', ') || 'none of its own';
    throw new Error(`The package for ${target} holds native code of other platforms: ${found}.`);
  }
}

function entry(bytes, source) {
  const mode = fs.statSync(source, { throwIfNoEntry: false })?.mode;
  // A package for another platform may have been unpacked where files know of no such thing.
  const attributes = /(^|[\\/])bin[\\/]esbuild$/.test(source) ? 0o100755 : mode;
  return [bytes, attributes ? { os: 3, attrs: attributes << 16 } : {}];
}

/** Folders of all packages in a VSIX: those in its node_modules, and those that the bundles hold. */
function packagesIn(natives) {
  const names = Object.keys(common).filter((name) => name.endsWith('.js') || name.endsWith('package.json'));
  const bundles = names
    .filter((name) => name.startsWith('extension/dist/'))
    .map((name) => name.slice('extension/'.length));
  const metafile = JSON.parse(fs.readFileSync(path.join('dist', 'metafile.json'), 'utf8'));
  const unpacked = names.map(packageOf).filter((name) => name !== null && name !== cellTypesPackage);
  const installed = [...new Set([...unpacked, ...bundledPackages(metafile, bundles)])].filter(
    (name) => !natives.some(([native]) => native === name),
  );
  return [...installed.map((name) => path.join('node_modules', name)), ...natives.map(([, folder]) => folder)];
}
