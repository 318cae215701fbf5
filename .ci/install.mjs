// Makes a clone ready: packages from the registry (only when the lock file is newer than what is installed), then the build.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 18)) {
  console.error(
    `Med-SA Notebook needs Node 20.18 or newer; this is ${process.version}. Install a newer Node and run the command again.`,
  );
  process.exit(1);
}
const run = (command, args) => {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (error || status !== 0) {
    console.error(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ` with exit code ${status}`}`);
    process.exit(status || 1);
  }
};
const time = (file) => (fs.existsSync(file) ? fs.statSync(file).mtimeMs : 0);
if (time('node_modules/.package-lock.json') < time('package-lock.json'))
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
run(process.execPath, ['esbuild.config.mjs']);
