// Indexes and archives of GPU support that would have files written elsewhere. Sums agree: the index itself is hostile.
import fs from 'node:fs';
import path from 'node:path';
import type { ZipOptions } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openNetwork, type Network } from '../../../src/kernel/downloads';
import { UserError } from '../../../src/kernel/errors';
import { archiveName } from '../../../src/kernel/gpu/archives';
import { install, listInstallations, planInstallation } from '../../../src/kernel/gpu';
import { cudaWheels, serveIndex } from '../../support/cudaIndex';
import { FileServer } from '../../support/fileServer';
import { npmRuntime } from '../../support/npmRuntime';
import { temporaryFolder } from '../../support/temporaryFolder';

const version = '1.30.0';
const bytes = Buffer.from('taken over');
const link: ZipOptions = { os: 3, attrs: (0o120777 << 16) >>> 0 };

describe('a hostile archive of GPU support', () => {
  const runtime = npmRuntime(version);
  let server: FileServer;
  let network: Network;
  let outer: string;
  let root: string;

  beforeEach(async () => {
    server = await FileServer.start();
    network = openNetwork({ httpProxy: null, httpsProxy: null, noProxy: '', certificates: [] });
    outer = temporaryFolder('hostile-archive');
    root = path.join(outer, 'a', 'b', 'gpu');
  });
  afterEach(async () => {
    await network.close();
    await server.close();
  });

  const installAll = async (): Promise<unknown> => {
    const sources = { indexes: [`${server.url}/simple`], nugetFeed: null, network };
    const onSystem = (): boolean => false;
    const plan = await planInstallation(runtime, 13, sources, onSystem);
    return install({ plan, runtime, sources, onSystem, root });
  };
  const files = (): string[] =>
    fs
      .readdirSync(outer, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));

  it.each<[string, string, ZipOptions?]>([
    ['../../../../lib/libcublas.so.13', 'would lie outside'],
    ['nvidia/../../lib/libcublas.so.13', 'would lie outside'],
    ['/etc/lib/libcublas.so.13', 'would lie outside'],
    ['C:/lib/libcublas.so.13', 'would lie outside'],
    ['C:lib\\libcublas.so.13', 'would lie outside'],
    ['..\\..\\lib\\libcublas.so.13', 'would lie outside'],
    ['\\\\server\\share\\libcublas.so.13', 'would lie outside'],
    ['nvidia/lib/libcublas.so.13\0.txt', 'would lie outside'],
    ['../notes.txt', 'would lie outside'],
    ['nvidia/cu13/lib/libcublasLt.so.13', 'is a link', link],
    ['nvidia/cu13/extra', 'is a link', link],
  ])('with %j is refused by name, and leaves nothing behind', async (name, why, options = {}) => {
    const wheels = cudaWheels(version, 13);
    const cublas = wheels.findIndex(({ project }) => project === 'nvidia-cublas');
    const members = { ...wheels[cublas].members, [name]: [bytes, options] as [Buffer, ZipOptions] };
    wheels[cublas] = { ...wheels[cublas], members };
    serveIndex(server, wheels);
    const refused = (await installAll().catch((error: unknown) => error)) as Error;
    expect(refused).toBeInstanceOf(UserError);
    expect(refused.message).toContain(`holds ${JSON.stringify(name)}, which ${why}`);
    // What was fetched before it waits for the next try; nothing is unpacked, installed, or elsewhere.
    expect(files().filter((file) => !file.startsWith(`fetched${path.sep}`))).toEqual([]);
    expect(files().join()).not.toContain('cublas');
    expect(listInstallations(root)).toEqual([]);
  });

  it.each(['..%2F..%2F..%2Fevil.whl', '%2Fetc%2Fevil.whl', '..%5Cevil.whl', '%2E%2E', '%00.whl', '%E0%A4.whl'])(
    'at an address that ends in %j is not fetched',
    (end) => {
      expect(() => archiveName(`https://index/wheels/${end}`)).toThrow(/does not end in the name of a file/);
    },
  );

  it('at an address that leads out of the folder leaves nothing there', async () => {
    const wheels = serveIndex(server, cudaWheels(version, 13));
    const [{ project, filename, sha256, bytes: content }] = wheels;
    const url = `/wheels/..%2F..%2F..%2F${filename}`;
    server.file(url, content);
    server.text(`/simple/${project}/`, 'application/vnd.pypi.simple.v1+json', () =>
      JSON.stringify({ files: [{ filename, url, hashes: { sha256 }, size: content.length }] }),
    );
    await expect(installAll()).rejects.toThrow(/does not end in the name of a file/);
    expect(files()).toEqual([]);
  });

  it('has ordinary names otherwise', () => {
    const name = 'nvidia_cublas-13.1.0.19+cu1!x~y-py3-none-manylinux_2_27_x86_64.whl';
    expect(archiveName(`https://index/${name}?token=x`)).toBe(name);
    expect(archiveName('https://feed/microsoft.ml.onnxruntime%2Bx.1.30.0.nupkg')).toBe(
      'microsoft.ml.onnxruntime+x.1.30.0.nupkg',
    );
  });
});
