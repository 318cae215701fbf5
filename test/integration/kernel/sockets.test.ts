// The kernel, its engine and its cells talk through pipes: none of them listens on a port.
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { drawDiscs } from '../../unit/annotation/discs';
import { temporaryFolder } from '../../support/temporaryFolder';
import { startProduct } from './programs';

/** A process and all that it started. */
function family(pid: number): number[] {
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return [pid, ...children.flatMap((child) => family(Number(child)))];
}

/** Inodes of the internet sockets of this machine: TCP and UDP, either version. */
function internetSockets(pid: number): Set<string> {
  const tables = ['tcp', 'tcp6', 'udp', 'udp6']
    .map((name) => `/proc/${pid}/net/${name}`)
    .filter((file) => fs.existsSync(file));
  return new Set(
    tables.flatMap((file) =>
      fs
        .readFileSync(file, 'utf8')
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(/\s+/)[9]),
    ),
  );
}

/** Those that the process holds. */
function heldBy(pid: number): string[] {
  const sockets = internetSockets(pid);
  return fs.readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1];
      return inode !== undefined && sockets.has(inode) ? [inode] : [];
    } catch {
      return [];
    }
  });
}

it.skipIf(process.platform !== 'linux')('no process of the kernel has a port open', async () => {
  const folder = temporaryFolder('sockets');
  await drawDiscs(path.join(folder, 'scan.png'));
  const kernel = await startProduct(folder);
  const { ok } = await kernel.execute('await (await open("scan.png")).segment({ points: [[20, 20]] });');
  expect(ok).toBe(true);
  const processes = family(kernel.child.pid!);
  // The kernel, its engine, the cells.
  expect(processes.length).toBeGreaterThanOrEqual(3);
  expect(processes.flatMap(heldBy)).toEqual([]);

  // The look itself sees a port: a cell opens one.
  const opening = await kernel.execute(
    'import net from "node:net"; const server = net.createServer(); await new Promise((done) => server.listen(0, "127.0.0.1", () => done(null)));',
  );
  expect(opening.ok).toBe(true);
  expect(family(kernel.child.pid!).flatMap(heldBy)).toHaveLength(1);
});
