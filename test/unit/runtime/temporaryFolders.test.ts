import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { lockHolder } from '../../../src/kernel/fileLock';
import { makeTemporaryFolder } from '../../../src/kernel/runtime/temporaryFolders';
import { temporaryFolder } from '../../support/temporaryFolder';

const root = temporaryFolder('folders');
beforeEach(() => vi.spyOn(os, 'tmpdir').mockReturnValue(root));
afterEach(() => vi.restoreAllMocks());

/** As a process of that number on this machine would have left it. */
function left(name: string, pid: number | undefined): string {
  const folder = path.join(root, name);
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, '1.weights'), 'many');
  if (pid !== undefined) fs.writeFileSync(path.join(folder, 'lock'), [pid, os.hostname(), 'word', '', ''].join('\n'));
  return folder;
}

it('is taken away by the next of its kind when its process was killed, and by nobody while that works', () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const alive = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
  const kept = [left('kind-alive', alive.pid), left('other-dead', dead), left('kind-young', undefined)];
  const taken = [left('kind-dead', dead), left('kind-old', undefined)];
  const longAgo = new Date(Date.now() - 7_200_000);
  fs.utimesSync(taken[1], longAgo, longAgo);
  const first = makeTemporaryFolder('kind-');
  const second = makeTemporaryFolder('kind-');
  expect(lockHolder(path.join(first.path, 'lock'))).toMatchObject({ pid: process.pid, atWork: true });
  const names = (folders: readonly string[]) => folders.map((folder) => path.basename(folder)).sort();
  expect(fs.readdirSync(root).sort()).toEqual(names([...kept, first.path, second.path]));
  first.remove();
  second.remove();
  expect(fs.readdirSync(root).sort()).toEqual(names(kept));
  alive.kill('SIGKILL');
});
