import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedRuntime } from '../../../src/kernel/gpu';
import { installationFolder, installationsFolder, nativeFolderIn } from '../../../src/kernel/gpu/installation';
import type { EngineMessage } from '../../../src/kernel/runtime/engineMessages';
import { bundled } from '../../support/bundle';
import { cudaWheels, serveIndex, type FakeWheel } from '../../support/cudaIndex';
import { FileServer } from '../../support/fileServer';
import { temporaryFolder } from '../../support/temporaryFolder';
import { commandLine, type CommandLine } from './commandLine';

const here = process.platform === 'linux' && process.arch === 'x64';
const driverIsHere = fs.existsSync('/proc/driver/nvidia/version');

/** Wheels with libraries that the loader really opens: each is the C library's own libm. ONNX Runtime stays npm's. */
function loadableWheels(version: string): FakeWheel[] {
  const libm = /\S+\/libm\.so\.6$/m.exec(fs.readFileSync('/proc/self/maps', 'utf8'))?.[0] ?? '';
  const content = fs.readFileSync(libm);
  return cudaWheels(version, 13).map((wheel) => {
    const names = Object.keys(wheel.members).filter((name) => !/libonnxruntime\.so/.test(name));
    return { ...wheel, members: Object.fromEntries(names.map((name) => [name, content])) };
  });
}

describe.skipIf(!here)('med-sa gpu', () => {
  const folder = temporaryFolder('gpu');
  const cache = path.join(folder, 'cache');
  const { version } = here ? installedRuntime() : { version: '' };
  const installed = installationFolder(installationsFolder(path.join(cache, 'med-sa')), version, 13);
  let server: FileServer;
  let medSa: CommandLine;
  let env: Record<string, string>;

  beforeAll(async () => {
    server = await FileServer.start();
    serveIndex(server, loadableWheels(version));
    env = {
      MEDSA_CACHE: path.join(cache, 'med-sa'),
      PIP_INDEX_URL: `${server.url}/simple`,
      PIP_CONFIG_FILE: '/dev/null',
    };
    medSa = await commandLine(folder, env);
  });
  afterAll(() => server.close());

  it('tells what would be fetched, and fetches nothing', async () => {
    const plan = await medSa.json(['gpu', 'install', '--cuda', '13', '--dry-run']);
    expect(plan).toMatchObject({ cuda: 13, onnxruntime: version, folder: path.dirname(installed) });
    expect(plan.packages).toHaveLength(6);
    expect(plan.downloadBytes).toBeGreaterThan(0);
    expect(fs.existsSync(cache)).toBe(false);
  });

  it('installs, is content with it the second time, and shows it', async () => {
    expect(await medSa.json(['gpu', 'status'])).toMatchObject({ installed: false, onnxruntime: version });
    expect(await medSa.json(['gpu', 'install', '--cuda', '13'])).toMatchObject({ changed: true, folder: installed });
    const asked = server.requests.length;
    expect(await medSa.json(['gpu', 'install', '--cuda', '13'])).toMatchObject({ changed: false });
    expect(server.requests).toHaveLength(asked);
    expect(await medSa.json(['gpu', 'status'])).toMatchObject({ installed: true, installation: { cuda: 13 } });
  });

  it.skipIf(driverIsHere)('then misses the driver, by name, and nothing else', async () => {
    const { code, stderr } = await medSa.run('doctor', '--parity', 'nowhere', '--device', 'cuda');
    expect(code).toBe(1);
    expect(stderr).toMatch(/"cuda" is not available: the NVIDIA driver is missing \(libcuda.so.1\).*else is installed/);
    const { stdout } = await medSa.run('doctor');
    expect(stdout).toMatch(/device cuda: the NVIDIA driver is missing \(libcuda\.so\.1\)/);
  });

  it('is what the engine loads for CUDA, by full path, and for nothing else', async () => {
    expect(await openFiles('cuda')).toEqual(
      expect.arrayContaining(
        ['onnxruntime_binding.node', 'libonnxruntime.so.1', 'libcublas.so.13', 'libcudart.so.13', 'libcudnn.so.9'].map(
          (name) => path.join(nativeFolderIn(installed), name),
        ),
      ),
    );
    expect((await openFiles('cpu')).filter((file) => file.startsWith(cache))).toEqual([]);
  });

  it('is removed', async () => {
    expect(await medSa.json(['gpu', 'remove'])).toMatchObject({ removed: true });
    expect(fs.existsSync(path.dirname(installed))).toBe(false);
    expect(await medSa.json(['gpu', 'remove'])).toMatchObject({ removed: false });
    expect((await openFiles('cuda')).filter((file) => file.startsWith(cache))).toEqual([]);
  });

  it('says in one line what does not fit', async () => {
    expect(await medSa.run('gpu', 'instal')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/choose one of install, remove, status/),
    });
    const offline = await commandLine(folder, { ...env, PIP_INDEX_URL: 'http://127.0.0.1:1/simple' });
    const { code, stderr } = await offline.run('gpu', 'install', '--cuda', '13');
    expect(code).toBe(1);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/127.0.0.1:1.*cannot be reached.*Check the network/);
    expect(fs.existsSync(path.dirname(installed))).toBe(false);
  });

  /** The libraries that an engine of a device has open when it has told whether the device works. */
  async function openFiles(device: string): Promise<string[]> {
    const engine = await bundled('src/kernel/runtime/engineProcess.ts', 'engine');
    const child = fork(engine, [JSON.stringify({ device, parent: process.pid })], {
      env: { ...process.env, ...env },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const [message] = (await once(child, 'message')) as [EngineMessage];
    expect(['ready', 'unable']).toContain(message.kind);
    const maps = fs.readFileSync(`/proc/${child.pid}/maps`, 'utf8');
    child.kill('SIGKILL');
    await once(child, 'exit');
    return [...new Set(maps.split('\n').map((line) => line.split(/\s+/).at(5) ?? ''))];
  }
});
