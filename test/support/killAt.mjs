// Loaded into a process before its program (node --import): kills it, as SIGKILL does, at one of its file operations.
//   KILL_UNDER  only operations below this folder count
//   KILL_LOG    file that every counted operation is written to: "append events.jsonl"
//   KILL_AT     "5": at the fifth operation; "rename state.safetensors 2": at the second one that reads so
//   KILL_KEEP  folder that gets a copy of every file named state.safetensors, as soon as it stands: 1.safetensors, …
//   KILL_HALF   1: not before the operation but within: half of what it writes is written, anything else is done
import fs from 'node:fs';
import path from 'node:path';

const { KILL_UNDER: folder, KILL_LOG: log, KILL_AT: at, KILL_HALF: half, KILL_KEEP: keep } = process.env;
const original = { appendFileSync: fs.appendFileSync, rename: fs.promises.rename, openSync: fs.openSync };
/** Files that are open for writing, by number. */
const openFiles = new Map();
const counts = new Map();
let operations = 0;

/** @returns whether the process has to die at this operation */
function isTheOne(operation, named) {
  const file = typeof named === 'number' ? openFiles.get(named) : named;
  if (typeof file !== 'string' || !path.resolve(file).startsWith(folder + path.sep)) return false;
  // Temporary names are drawn by chance.
  const said = `${operation} ${path.basename(file).replace(/\.[0-9a-f]{12}\.tmp$/, '.tmp')}`;
  const count = (counts.get(said) ?? 0) + 1;
  counts.set(said, count);
  operations++;
  if (log) original.appendFileSync(log, `${said}\n`);
  return at === String(operations) || at === `${said} ${count}`;
}

const die = () => process.kill(process.pid, 'SIGKILL');
const firstHalf = (data) => Buffer.from(data).subarray(0, Math.floor(Buffer.byteLength(data) / 2));

/** `file` tells which argument names the file; `data` which one is written. */
function wrap(target, name, operation, { file = 0, data = null } = {}) {
  const run = target[name];
  target[name] = function (...given) {
    if (!isTheOne(operation, given[file])) return run.apply(this, given);
    if (!half) die();
    if (data !== null) given[data] = firstHalf(given[data]);
    const result = run.apply(this, given);
    if (!(result instanceof Promise)) die();
    return result.then(die);
  };
}

wrap(fs, 'appendFileSync', 'append', { data: 1 });
wrap(fs, 'writeFileSync', 'write', { data: 1 });
wrap(fs, 'truncateSync', 'truncate');
wrap(fs, 'mkdirSync', 'mkdir');
wrap(fs, 'rmSync', 'remove');
wrap(fs, 'renameSync', 'rename', { file: 1 });
wrap(fs, 'linkSync', 'link', { file: 1 });
let kept = 0;
fs.promises.rename = async (from, to) => {
  await original.rename(from, to);
  if (keep && path.basename(to) === 'state.safetensors') fs.copyFileSync(to, path.join(keep, `${++kept}.safetensors`));
};
wrap(fs.promises, 'rename', 'rename', { file: 1 });
fs.openSync = (file, flags, ...more) => {
  const writes = flags !== undefined && flags !== 'r';
  if (writes && isTheOne('open', file)) {
    if (half) original.openSync(file, flags, ...more);
    die();
  }
  const number = original.openSync(file, flags, ...more);
  if (writes && typeof file === 'string') openFiles.set(number, file);
  else openFiles.delete(number);
  return number;
};
wrap(fs.promises, 'rm', 'remove');

const open = fs.promises.open;
fs.promises.open = async function (file, flags, ...more) {
  if (flags !== 'r' && isTheOne('open', file)) die();
  const handle = await open.call(this, file, flags, ...more);
  if (flags === 'r') return handle;
  for (const [name, operation, data] of [
    ['writeFile', 'write', 0],
    ['write', 'write', 0],
    ['sync', 'sync', null],
  ]) {
    const run = handle[name].bind(handle);
    handle[name] = async (...given) => {
      if (!isTheOne(operation, file)) return run(...given);
      if (!half) die();
      if (data !== null) given[data] = firstHalf(given[data]);
      await run(...given);
      return die();
    };
  }
  return handle;
};
