import { createHash } from 'node:crypto';
import { zipSync } from 'fflate';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openNetwork, type Network } from '../../../src/kernel/downloads';
import { CancelledError } from '../../../src/kernel/errors';
import {
  install,
  installationsFolder,
  isIntact,
  listInstallations,
  planInstallation,
  removeInstallations,
  type CudaMajor,
  type Installation,
} from '../../../src/kernel/gpu';
import { installationFor, nativeFolderIn } from '../../../src/kernel/gpu/installation';
import { cudaWheels, runtimeMembers, serveIndex, type FakeWheel } from '../../support/cudaIndex';
import { FileServer } from '../../support/fileServer';
import { libraryFile } from '../../support/libraryFile';
import { npmRuntime } from '../../support/npmRuntime';
import { temporaryFolder } from '../../support/temporaryFolder';

const version = '1.30.0';

describe('installing GPU support', () => {
  const runtime = npmRuntime(version);
  let server: FileServer;
  let network: Network;
  let root: string;
  let onSystem: (soname: string) => boolean;

  const sources = () => ({ indexes: [`${server.url}/simple`], nugetFeed: `${server.url}/nuget/index.json`, network });
  const plan = (cuda: CudaMajor = 13) => planInstallation(runtime, cuda, sources(), onSystem);
  const installAll = async (cuda: CudaMajor = 13, signal?: AbortSignal): Promise<Installation> =>
    install({ plan: await plan(cuda), runtime, sources: sources(), onSystem, root, signal });
  const native = (): string[] => fs.readdirSync(nativeFolderIn(listInstallations(root)[0].folder)).sort();
  const wheelsAsked = (): string[] => server.requests.filter((line) => line.includes('/wheels/'));

  beforeEach(async () => {
    server = await FileServer.start();
    network = openNetwork({ httpProxy: null, httpsProxy: null, noProxy: '', certificates: [] });
    root = installationsFolder(temporaryFolder('cache'));
    onSystem = () => false;
  });
  afterEach(async () => {
    await network.close();
    await server.close();
  });

  const everything = [
    'libcublas.so.13',
    'libcublasLt.so.13',
    'libcudart.so.13',
    'libcudnn.so.9',
    'libcudnn_ops.so.9',
    'libcurand.so.10',
    'libnvrtc-builtins.so.13.0',
    'libnvrtc.so.13',
    'libonnxruntime.so.1',
    'libonnxruntime_providers_cuda.so',
    'libonnxruntime_providers_shared.so',
    'onnxruntime_binding.node',
  ];

  it('plans before it fetches: what, from where, how much', async () => {
    const served = serveIndex(server, cudaWheels(version, 13));
    const planned = await plan();
    expect(planned.fetches.map(({ remote }) => `${remote.name} ${remote.version}`)).toEqual(
      served.map((wheel) => `${wheel.project} ${wheel.version}`),
    );
    expect(planned.downloadBytes).toBe(served.reduce((sum, { bytes }) => sum + bytes.length, 0));
    expect(wheelsAsked()).toEqual([]);
    expect(fs.existsSync(root)).toBe(false);
  });

  it('makes a whole copy of the runtime with the provider and its libraries, and nothing else', async () => {
    serveIndex(server, cudaWheels(version, 13));
    const installed = await installAll();
    expect(native()).toEqual(everything);
    expect(fs.readdirSync(root)).toEqual([`onnxruntime-${version}-cuda13`]);
    expect(installed.preload).toEqual([
      ...['libcublasLt.so.13', 'libcublas.so.13', 'libcurand.so.10', 'libcudart.so.13'],
      ...['libcudnn.so.9', 'libnvrtc.so.13'],
    ]);
    const copy = path.join(installed.folder, 'node_modules');
    expect(fs.readdirSync(path.join(copy, 'onnxruntime-node/dist'))).toEqual(['index.js']);
    expect(fs.existsSync(path.join(copy, 'onnxruntime-common/dist/cjs/index.js'))).toBe(true);
    // The runtime is the provider's own build, not npm's.
    const core = path.join(nativeFolderIn(installed.folder), 'libonnxruntime.so.1');
    expect(fs.readFileSync(core, 'latin1')).toContain('libonnxruntime.so.1');
    expect(await isIntact(installed)).toBe(true);
    expect(installationFor(version, root)?.folder).toBe(installed.folder);
    expect(installationFor('1.31.0', root)).toBeNull();
  });

  it('is no installation when a file is missing or short, and not intact when a byte differs', async () => {
    serveIndex(server, cudaWheels(version, 13));
    const installed = await installAll();
    const library = path.join(nativeFolderIn(installed.folder), 'libcudart.so.13');
    const content = fs.readFileSync(library);
    content[content.length - 2] ^= 1;
    fs.writeFileSync(library, content);
    expect(installationFor(version, root)).not.toBeNull();
    expect(await isIntact(installed)).toBe(false);
    fs.writeFileSync(library, content.subarray(1));
    expect(installationFor(version, root)).toBeNull();
    await installAll();
    expect(native()).toEqual(everything);
  });

  it('leaves to the machine what the machine has', async () => {
    serveIndex(server, cudaWheels(version, 13));
    onSystem = (soname) => /cublas|cudnn/.test(soname);
    const installed = await installAll();
    expect(native()).toEqual(everything.filter((name) => !/cublas|cudnn/.test(name)));
    expect(installed.onSystem).toEqual(['libcublas.so.13', 'libcudnn.so.9']);
    expect(wheelsAsked().join()).not.toMatch(/cublas|cudnn/);
  });

  it('reads what else the provider needs from the provider itself', async () => {
    const provider = libraryFile({ soname: null, needed: ['libcufft.so.12', 'libcudart.so.13', 'libcuda.so.1'] });
    const cufft: FakeWheel = {
      project: 'nvidia-cufft',
      version: '12.0.0.61',
      members: { 'nvidia/cu13/lib/libcufft.so.12': libraryFile({ soname: 'libcufft.so.12', needed: ['libc.so.6'] }) },
    };
    const [first, ...others] = cudaWheels(version, 13);
    const wheels = [{ ...first, members: runtimeMembers('onnxruntime/capi', provider, version) }, ...others];
    serveIndex(server, [...wheels, cufft]);
    const installed = await installAll();
    expect(native()).toContain('libcufft.so.12');
    expect(installed.packages.map(({ name }) => name)).toContain('nvidia-cufft');
  });

  it('names a library that nobody has', async () => {
    const provider = libraryFile({ soname: null, needed: ['libsecret.so.3', 'libcuda.so.1'] });
    const [first, ...others] = cudaWheels(version, 13);
    serveIndex(server, [{ ...first, members: runtimeMembers('onnxruntime/capi', provider, version) }, ...others]);
    await expect(installAll()).rejects.toThrow(/needs the library libsecret.so.3/);
    expect(listInstallations(root)).toEqual([]);
  });

  it('takes the newest release of the right major for this platform, and asks a further index', async () => {
    const [first, ...others] = cudaWheels(version, 13);
    const decoys = ['14.0.0', '13.9.0rc1', '12.9.9'].map((other) => ({ ...others[1], version: other }));
    const arm = { ...others[1], version: '13.8.0', platform: 'manylinux_2_27_aarch64' };
    const newer = { ...others[1], version: '13.10.0.20', platform: 'manylinux2014_x86_64.manylinux_2_17_x86_64' };
    serveIndex(server, [first, ...others, ...decoys, arm, newer]);
    const own = await FileServer.start();
    try {
      const indexes = [`${own.url}/simple/`, `${server.url}/simple`];
      const { fetches } = await planInstallation(runtime, 13, { ...sources(), indexes }, onSystem);
      expect(fetches.map(({ remote }) => remote.version)).toContain('13.10.0.20');
      expect(own.requests[0]).toBe('GET /simple/onnxruntime-gpu/');
    } finally {
      await own.close();
    }
    await expect(planInstallation({ ...runtime, version: '1.99.0' }, 13, sources(), onSystem)).rejects.toThrow(
      /no fitting version of onnxruntime-gpu for Linux x64 on http:\/\/127.0.0.1:\d+\/simple/,
    );
  });

  it('reads the older HTML form of an index, which tells no sizes', async () => {
    const served = serveIndex(server, cudaWheels(version, 13), 'html');
    const planned = await plan();
    expect(planned.downloadBytes).toBe(served.reduce((sum, { bytes }) => sum + bytes.length, 0));
    await installAll();
    expect(native()).toEqual(everything);
  });

  it('changes nothing where the index cannot be reached', async () => {
    const indexes = ['http://127.0.0.1:1/simple'];
    await expect(planInstallation(runtime, 13, { ...sources(), indexes }, onSystem)).rejects.toThrow(
      /127.0.0.1:1\/simple\/onnxruntime-gpu\/ could not be downloaded: its server cannot be reached.*index-url/,
    );
    expect(fs.existsSync(root)).toBe(false);
  });

  it('keeps what was there when bytes are wrong, and removes the wrong ones', async () => {
    serveIndex(server, cudaWheels(version, 13));
    const before = await installAll();
    const again = await FileServer.start();
    try {
      const served = serveIndex(again, cudaWheels(version, 13));
      const last = served[served.length - 1];
      last.behaviours.push({ instead: Buffer.alloc(last.bytes.length) });
      const other = { ...sources(), indexes: [`${again.url}/simple`] };
      const planned = await planInstallation(runtime, 13, other, onSystem);
      const options = { plan: planned, runtime, sources: other, onSystem, root };
      await expect(install(options)).rejects.toThrow(/nvrtc.*sha256 is/);
      expect(await isIntact(before)).toBe(true);
      expect(fs.readdirSync(path.join(root, 'fetched')).join()).not.toMatch(/nvrtc/);
      await install(options);
      expect(again.requests.filter((line) => line.includes('cublas') && line.includes('/wheels/'))).toHaveLength(1);
    } finally {
      await again.close();
    }
  });

  it('goes on where it was stopped', async () => {
    const served = serveIndex(server, cudaWheels(version, 13));
    const stop = new AbortController();
    served[2].behaviours.push({ stallAfter: 100 });
    const planned = await plan();
    const onProgress = (what: string, done: number): void => {
      if (what.includes('cublas') && done > 0) stop.abort();
    };
    const options = { plan: planned, runtime, sources: sources(), onSystem, root };
    await expect(install({ ...options, signal: stop.signal, onProgress })).rejects.toThrow(CancelledError);
    expect(listInstallations(root)).toEqual([]);
    await install(options);
    expect(native()).toEqual(everything);
    expect(wheelsAsked().filter((line) => line.includes('onnxruntime_gpu'))).toHaveLength(1);
    expect(wheelsAsked().some((line) => / bytes=100-/.test(line))).toBe(true);
  });

  it('takes CUDA 12 from NuGet, with the checksum of its catalogue, and removes the other CUDA', async () => {
    serveIndex(server, [...cudaWheels(version, 13), ...cudaWheels(version, 12)]);
    await installAll(13);
    const provider = libraryFile({ soname: null, needed: ['libcublas.so.12', 'libcudart.so.12', 'libcuda.so.1'] });
    const bytes = Buffer.from(zipSync(runtimeMembers('runtimes/linux-x64/native', provider, version)));
    serveNuget(server, bytes, createHash('sha512').update(bytes).digest('base64'));
    const installed = await installAll(12);
    expect(fs.readdirSync(root)).toEqual([`onnxruntime-${version}-cuda12`]);
    expect(native()).toEqual(everything.map((name) => name.replace(/13(?=\.0$|$)/, '12')));
    expect(installed.packages[0]).toMatchObject({ name: 'Microsoft.ML.OnnxRuntime.Gpu.Linux', version });
    serveNuget(server, bytes, createHash('sha512').update('another').digest('base64'));
    await expect(installAll(12)).rejects.toThrow(/sha512 is/);
  });

  it('lets one process at a time install', async () => {
    serveIndex(server, cudaWheels(version, 13));
    fs.mkdirSync(root, { recursive: true });
    fs.writeFileSync(path.join(root, 'lock'), String(process.ppid));
    await expect(installAll()).rejects.toThrow(`Process ${process.ppid} is installing`);
    expect(() => removeInstallations(root)).toThrow(/is installing/);
    fs.writeFileSync(path.join(root, 'lock'), '999999999');
    await installAll();
    expect(native()).toEqual(everything);
  });

  it('is removed without a trace', async () => {
    serveIndex(server, cudaWheels(version, 13));
    const { files } = await installAll();
    expect(removeInstallations(root)).toBeGreaterThan(files.reduce((sum, { size }) => sum + size, 0));
    expect(fs.existsSync(root)).toBe(false);
    expect(removeInstallations(root)).toBe(0);
  });
});

function serveNuget(server: FileServer, bytes: Buffer, sha512: string): void {
  const id = 'microsoft.ml.onnxruntime.gpu.linux';
  const json = (route: string, value: unknown): string =>
    server.text(route, 'application/json', () => JSON.stringify(value));
  json('/nuget/index.json', {
    resources: [
      { '@id': `${server.url}/nuget/compressed/`, '@type': 'RegistrationsBaseUrl/3.6.0' },
      { '@id': `${server.url}/nuget/registration/`, '@type': 'RegistrationsBaseUrl' },
    ],
  });
  json(`/nuget/registration/${id}/${version}.json`, {
    packageContent: server.file('/nuget/package.nupkg', bytes),
    catalogEntry: json('/nuget/catalogue.json', {
      packageHash: sha512,
      packageHashAlgorithm: 'SHA512',
      packageSize: bytes.length,
    }),
  });
}
