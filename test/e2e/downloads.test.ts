// What is fetched only after a question: refused, cancelled, and failing. The network is one of this machine alone.
import fs from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedRuntime } from '../../src/kernel/gpu';
import { cudaWheels, serveIndex } from '../support/cudaIndex';
import { FileServer } from '../support/fileServer';
import { closeNotebooks } from './notebook';
import {
  answerDialog,
  clearNotifications,
  notification,
  openSideBar,
  pressInNotification,
  pressOnRow,
  row,
} from './sideBar';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

const patient = { timeout: 120_000 };

describe.skipIf(!hasBrowser)('what is fetched', () => {
  const window = workbench();
  const home = (...parts: string[]): string => path.join(path.dirname(window.workspace), 'home', ...parts);
  const proxies: Server[] = [];
  const sockets: Socket[] = [];
  let index: FileServer;

  /** A proxy that every download of a model goes through; npm's setting leads there. */
  async function proxy(answer: (socket: Socket) => void): Promise<void> {
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
      socket.once('data', () => answer(socket));
    });
    proxies.push(server);
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    );
    fs.writeFileSync(home('.npmrc'), `https-proxy=http://127.0.0.1:${port}\n`);
  }

  beforeAll(async () => {
    if (!hasBrowser) return;
    index = await FileServer.start();
    serveIndex(index, cudaWheels(installedRuntime().version, 13));
    fs.mkdirSync(home('.config', 'pip'), { recursive: true });
    fs.writeFileSync(home('.config', 'pip', 'pip.conf'), `[global]\nindex-url = ${index.url}/simple\n`);
    await closeNotebooks(window);
    await openSideBar(window);
    await row(window.page, 'Models', /sam_vit_b/).waitFor(patient);
    await clearNotifications(window);
  });
  afterAll(async () => {
    if (!hasBrowser) return;
    fs.rmSync(home('.npmrc'), { force: true });
    fs.rmSync(home('.config', 'pip'), { recursive: true, force: true });
    for (const socket of sockets) socket.destroy();
    for (const server of proxies) server.close();
    await index.close();
  });

  it('a model is not, where the question is answered with no', async () => {
    pictureOnFailure(window, 'downloads-refused');
    let asked = 0;
    await proxy(() => asked++);
    await pressOnRow(window.page, 'Models', /sam_vit_b/, 'Get');
    const dialog = window.page.locator('.monaco-dialog-box', { hasText: /Fetch sam_vit_b \(375 MB\)/ });
    await dialog.waitFor(patient);
    expect(await dialog.innerText()).toMatch(/licence Apache-2\.0/);
    await answerDialog(window.page, 'Cancel');
    await window.page.waitForTimeout(1000);
    expect(asked).toBe(0);
  });

  it('a model can be cancelled while it comes', async () => {
    pictureOnFailure(window, 'downloads-cancelled');
    let asked = 0;
    // It never answers: the download is under way for as long as nobody stops it.
    await proxy(() => asked++);
    await pressOnRow(window.page, 'Models', /sam_vit_b/, 'Get');
    await answerDialog(window.page, 'Get It');
    await notification(window.page, /Getting sam_vit_b/).waitFor(patient);
    await expect.poll(() => asked, patient).toBeGreaterThan(0);
    await pressInNotification(window.page, /Getting sam_vit_b/, 'Cancel');
    await notification(window.page, /Getting sam_vit_b was stopped; the same command goes on from there/).waitFor(
      patient,
    );
    await clearNotifications(window);
    await row(window.page, 'Models', /sam_vit_b.*can be fetched/).waitFor(patient);
  });

  it('a model that cannot be had says why, and what else can be done', async () => {
    pictureOnFailure(window, 'downloads-failed');
    await proxy((socket) => socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n'));
    await pressOnRow(window.page, 'Models', /sam_vit_b/, 'Get');
    await answerDialog(window.page, 'Get It');
    const said = notification(window.page, /403/);
    await said.waitFor({ timeout: 240_000 });
    expect(await said.innerText()).toMatch(/A mirror: med-sa models get sam_vit_b --from URL/);
    await clearNotifications(window);
  });

  it.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'GPU support is looked up, told with its size, and not fetched where that is refused',
    async () => {
      pictureOnFailure(window, 'downloads-gpu');
      await window.palette('Med-SA: Install GPU Support');
      const dialog = window.page.locator('.monaco-dialog-box', { hasText: /for GPU support \(CUDA 1\d\)\?/ });
      await dialog.waitFor(patient);
      expect(await dialog.innerText()).toMatch(/onnxruntime-gpu \d.*The NVIDIA driver is not installed/s);
      await answerDialog(window.page, 'Cancel');
      expect(index.requests.filter((request) => /\.whl/.test(request) && !/HEAD/.test(request))).toEqual([]);
    },
  );

  it('GPU support is removed after a question; where there is none, that is said', async () => {
    pictureOnFailure(window, 'downloads-gpu-remove');
    await window.palette('Med-SA: Remove GPU Support');
    await answerDialog(window.page, 'Remove');
    await notification(window.page, /There is no GPU support in/).waitFor(patient);
    await clearNotifications(window);
  });
});
