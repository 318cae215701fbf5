// A package of the lock file that npm did not install here, because it is another platform's.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8')).packages;
const cache = path.join('out', 'packages');

/** Folder with the package's files, as the lock file pins it: what is installed, or fetched once from npm's registry. */
export function packageFolder(name) {
  const pinned = lock[`node_modules/${name}`];
  if (!pinned) throw new Error(`${name} is not in package-lock.json: nothing says which version belongs here.`);
  const installed = path.join('node_modules', name);
  if (versionIn(installed) === pinned.version) return installed;
  const folder = path.join(cache, `${name.replaceAll(/[@/]+/g, '-').replace(/^-/, '')}-${pinned.version}`);
  if (versionIn(folder) !== pinned.version) fetchPackage(name, pinned, folder);
  return folder;
}

function versionIn(folder) {
  const file = path.join(folder, 'package.json');
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).version : null;
}

/** npm knows the registry, the proxies and the certificates that this machine is set to. */
function fetchPackage(name, { version, integrity }, folder) {
  const scratch = `${folder}.part`;
  fs.rmSync(scratch, { recursive: true, force: true });
  fs.mkdirSync(scratch, { recursive: true });
  run('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', scratch], `${name}@${version}`);
  const archive = path.join(scratch, fs.readdirSync(scratch)[0]);
  const sum = `sha512-${createHash('sha512').update(fs.readFileSync(archive)).digest('base64')}`;
  if (sum !== integrity) {
    throw new Error(`${name}@${version} from the registry is not the package that package-lock.json pins (${sum}).`);
  }
  run('tar', ['-xzf', archive, '-C', scratch, '--strip-components=1'], archive);
  fs.rmSync(archive);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.renameSync(scratch, folder);
}

function run(command, args, what) {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8', shell: process.platform === 'win32' });
  if (error || status !== 0) throw new Error(`${command} failed for ${what}: ${error?.message ?? stderr}`);
}
