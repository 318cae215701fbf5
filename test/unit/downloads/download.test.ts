import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  download,
  DownloadError,
  openNetwork,
  type DownloadOptions,
  type Network,
} from '../../../src/kernel/downloads';
import { CancelledError, UserError } from '../../../src/kernel/errors';
import { FileServer } from '../../support/fileServer';
import { temporaryFolder } from '../../support/temporaryFolder';

const content = randomBytes(300_000);
const sha256 = createHash('sha256').update(content).digest('hex');
const md5 = createHash('md5').update(content).digest('hex');
const direct = { httpProxy: null, httpsProxy: null, noProxy: '', certificates: [] };

describe('a download', () => {
  let server: FileServer;
  let network: Network;
  let file: string;
  const get = (url: string, options: Partial<DownloadOptions> = {}): Promise<void> =>
    download({
      urls: [url],
      file,
      checksums: { sha256 },
      size: content.length,
      network,
      retryDelayMs: 1,
      stallTimeoutMs: 400,
      ...options,
    });
  const there = (): string[] => fs.readdirSync(path.dirname(file)).sort();

  beforeEach(async () => {
    server = await FileServer.start();
    network = openNetwork(direct);
    file = path.join(temporaryFolder(), 'model.bin');
  });
  afterEach(async () => {
    await network.close();
    await server.close();
  });

  it('brings the file whole, tells how far it is, and leaves nothing else', async () => {
    const seen: [number, number | null][] = [];
    const url = server.file('/model', content);
    await get(url, { checksums: { sha256, md5 }, onProgress: (done, total) => seen.push([done, total]) });
    expect(fs.readFileSync(file).equals(content)).toBe(true);
    expect(there()).toEqual(['model.bin']);
    expect(seen.at(-1)).toEqual([content.length, content.length]);
    expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).sort((a, b) => a - b));
  });

  it('does not ask the network for a file that is there and right', async () => {
    fs.writeFileSync(file, content);
    await get(server.file('/model', content));
    expect(server.requests).toEqual([]);
    fs.writeFileSync(file, 'an older one');
    await get(server.file('/model', content));
    expect(fs.readFileSync(file).equals(content)).toBe(true);
  });

  it('goes on after cuts, from where each one was', async () => {
    await get(server.file('/model', content, [{ cutAfter: 100_000 }, { cutAfter: 50_000 }]));
    expect(fs.readFileSync(file).equals(content)).toBe(true);
    expect(server.requests).toEqual(['GET /model', 'GET /model bytes=100000- "one"', 'GET /model bytes=150000- "one"']);
  });

  it('goes on after a stall', async () => {
    await get(server.file('/model', content, [{ stallAfter: 70_000 }]));
    expect(fs.readFileSync(file).equals(content)).toBe(true);
    expect(server.requests[1]).toBe('GET /model bytes=70000- "one"');
  });

  it('goes on in another process: the part outlives a failure', async () => {
    const url = server.file('/model', content, [{ cutAfter: 120_000 }, { status: 503 }]);
    await expect(get(url, { attempts: 1 })).rejects.toThrow(/status 503.*Try again later/);
    expect(there()).toEqual(['model.bin.part', 'model.bin.part.json']);
    await get(url);
    expect(server.requests.at(-1)).toBe('GET /model bytes=120000- "one"');
    expect(fs.readFileSync(file).equals(content)).toBe(true);
    expect(there()).toEqual(['model.bin']);
  });

  it('gives up a server that brings nothing, after a bounded number of tries', async () => {
    const url = server.on('/model', (_, response) => response.writeHead(503).end());
    await expect(get(url, { attempts: 4 })).rejects.toThrow(/status 503/);
    expect(server.requests).toHaveLength(4);
  });

  it('starts anew when the file changed between two requests', async () => {
    const changed = randomBytes(300_000);
    const now = createHash('sha256').update(changed).digest('hex');
    const newer = { instead: changed, etag: '"two"' };
    const url = server.file('/model', content, [{ cutAfter: 100_000 }, newer, newer]);
    await get(url, { checksums: { sha256: now } });
    expect(fs.readFileSync(file).equals(changed)).toBe(true);
  });

  it('starts anew when a server sends another range than it was asked for, or ignores ranges', async () => {
    const url = server.file('/model', content, [{ cutAfter: 100_000 }, { ignoreRange: true }]);
    await get(url);
    expect(fs.readFileSync(file).equals(content)).toBe(true);
    fs.rmSync(file);
    let first = true;
    const other = server.on('/other', (request, response) => {
      if (!request.headers.range) {
        response.writeHead(200, { etag: '"x"', 'content-length': content.length });
        if (!first) return void response.end(content);
        first = false;
        response.write(content.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20));
      } else {
        response.writeHead(206, { etag: '"x"', 'content-range': `bytes 0-9/${content.length}`, 'content-length': 10 });
        response.end(content.subarray(0, 10));
      }
    });
    await get(other);
    expect(fs.readFileSync(file).equals(content)).toBe(true);
  });

  it('removes wrong bytes and says so', async () => {
    const wrong = Buffer.from(content);
    wrong[17] ^= 1;
    const url = server.file('/model', content, [{ instead: wrong }]);
    const failure = await get(url).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DownloadError);
    expect(String(failure)).toMatch(new RegExp(`sha256 is [0-9a-f]{64} instead of ${sha256}.*removed`));
    expect(there()).toEqual([]);
    await expect(get(server.file('/model', content), { checksums: { md5: md5.replace(/^./, 'g') } })).rejects.toThrow(
      /md5/,
    );
  });

  it('gives a resumed file that turns out wrong one fresh try', async () => {
    const url = server.file('/model', content, [{ cutAfter: 100_000 }, { status: 503 }]);
    await expect(get(url, { attempts: 1 })).rejects.toThrow(DownloadError);
    const part = `${file}.part`;
    fs.writeFileSync(part, Buffer.alloc(fs.statSync(part).size)); // the disk lost what it had
    await get(url);
    expect(fs.readFileSync(file).equals(content)).toBe(true);
  });

  it('does not believe a length that lies', async () => {
    const tooShort = server.file('/short', content, [{ claim: content.length - 5, instead: content.subarray(5) }]);
    await expect(get(tooShort)).rejects.toThrow(/299995 bytes or more instead of 300000/);
    const endless = server.on('/endless', (_, response) => {
      response.writeHead(200);
      response.write(content);
      response.end(content);
    });
    await expect(get(endless)).rejects.toThrow(/instead of 300000/);
    expect(there()).toEqual([]);
    const promises = { claim: content.length + 100, cutAfter: content.length };
    const tooLong = server.file('/long', content, [promises, { status: 416 }]);
    await expect(get(tooLong, { size: null, attempts: 1 })).rejects.toThrow(/on the server is another one/);
  });

  it('follows redirections, but neither in circles nor to an unprotected place', async () => {
    server.file('/real', content);
    const moved = server.on('/moved', (_, response) => response.writeHead(302, { location: '/real' }).end());
    await get(moved);
    expect(server.requests).toEqual(['GET /moved', 'GET /real']);
    fs.rmSync(file);
    const circle = server.on('/circle', (_, response) => response.writeHead(307, { location: '/circle' }).end());
    await expect(get(circle)).rejects.toThrow(/redirected more than 10 times/);
    const script = server.on('/script', (_, response) => response.writeHead(302, { location: 'file:///etc' }).end());
    await expect(get(script)).rejects.toThrow(/no http or https address/);
  });

  it('sends the credentials of an address to its own host only, and never shows them', async () => {
    const elsewhere = await FileServer.start();
    const seen: (string | undefined)[] = [];
    const real = elsewhere.on('/real', (request, response) => {
      seen.push(request.headers.authorization);
      response.end(content);
    });
    server.on('/private', (request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: real }).end();
    });
    const address = server.url.replace('http://', 'http://ann:s%40crt@');
    await get(`${address}/private`);
    expect(seen).toEqual([`Basic ${Buffer.from('ann:s@crt').toString('base64')}`, undefined]);
    await elsewhere.close();
    fs.rmSync(file);
    const failure = await get(`${address}/missing`).catch((error: unknown) => error);
    expect(String(failure)).toMatch(/missing.*status 404/);
    expect(String(failure)).not.toMatch(/crt|ann/);
  });

  it('stops when told to, and what came stays', async () => {
    const stop = new AbortController();
    const url = server.file('/model', content, [{ stallAfter: 90_000 }]);
    const onProgress = (done: number): void => void (done >= 90_000 && stop.abort());
    await expect(get(url, { signal: stop.signal, onProgress, stallTimeoutMs: 20_000 })).rejects.toThrow(CancelledError);
    expect(fs.statSync(`${file}.part`).size).toBe(90_000);
    await get(url);
    expect(server.requests.at(-1)).toBe('GET /model bytes=90000- "one"');
  });

  it('stops when told to while a proxy has not answered yet', async () => {
    const stop = new AbortController();
    const sockets: Socket[] = [];
    const silent = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined).once('data', () => stop.abort());
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const httpProxy = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const through = openNetwork({ ...direct, httpProxy });
    const url = server.file('/model', content);
    const stopping = get(url, { network: through, signal: stop.signal, stallTimeoutMs: 600_000 });
    await expect(stopping).rejects.toThrow(CancelledError);
    await through.close();
    // The connection ends too: a command that was stopped is not kept alive by it.
    await Promise.all(sockets.map((socket) => socket.destroyed || once(socket, 'close')));
    silent.close();
  });

  it('asks the next address when one does not give the file', async () => {
    const urls = [`${server.url}/gone`, server.file('/model', content)];
    await get(urls[0], { urls });
    expect(fs.readFileSync(file).equals(content)).toBe(true);
  });

  it('says what to do about a host that is not there, and about a folder that cannot be written', async () => {
    await expect(get('http://127.0.0.1:1/model')).rejects.toThrow(/127.0.0.1:1\/model.*cannot be reached.*HTTPS_PROXY/);
    const url = server.file('/model', content);
    const nowhere = path.join(path.dirname(file), 'missing', 'model.bin');
    const failure = await get(url, { file: nowhere }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect(String(failure)).toMatch(/missing does not exist; create it first/);
  });

  it('goes through a proxy, with its credentials, and past it where none is wanted', async () => {
    const proxy = await FileServer.start();
    proxy.asProxy('ann:secret');
    const url = server.file('/model', content);
    const withProxy = async (httpProxy: string, noProxy = ''): Promise<void> => {
      const through = openNetwork({ ...direct, httpProxy, noProxy });
      try {
        await get(url, { network: through });
      } finally {
        await through.close();
      }
    };
    await expect(withProxy(proxy.url)).rejects.toThrow(/proxy asks who you are \(status 407\).*USER:PASSWORD/);
    expect(server.requests).toEqual([]);
    await withProxy(proxy.url.replace('http://', 'http://ann:secret@'));
    expect(fs.readFileSync(file).equals(content)).toBe(true);
    expect(proxy.requests.at(-1)).toMatch(/^CONNECT 127\.0\.0\.1:/);
    fs.rmSync(file);
    const asked = proxy.requests.length;
    await withProxy(proxy.url, '127.0.0.1');
    expect(proxy.requests).toHaveLength(asked);
    await proxy.close();
  });
});
