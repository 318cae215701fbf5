import type { FileHandle } from 'node:fs/promises';
import fs from 'node:fs/promises';
import path from 'node:path';
import { CancelledError, UserError } from '../errors';
import { mismatchOf, type Checksums } from './checksums';
import { connectionFailure, DownloadError, shown } from './failure';
import type { Network } from './network';
import { PartFile, sameVersion, versionOf, type Version } from './partFile';
import { get, single, type Response } from './request';
import { retrying } from './retry';

export interface DownloadOptions {
  /** Where the file is to be had; the later ones are asked when an earlier one does not give it. */
  readonly urls: readonly string[];
  /** Where it goes; its folder must exist. */
  readonly file: string;
  /** What it must hash to. Without any, only its length is checked. */
  readonly checksums: Checksums;
  /** Its size in bytes, where an index tells. */
  readonly size?: number | null;
  readonly network: Network;
  readonly signal?: AbortSignal;
  /** Bytes that are there, and bytes in all where that is known. */
  readonly onProgress?: (done: number, total: number | null) => void;
  /** How long nothing may arrive before the connection counts as cut. */
  readonly stallTimeoutMs?: number;
  /** Tries in a row that may bring nothing. */
  readonly attempts?: number;
  readonly retryDelayMs?: number;
}

/**
 * Brings a file to this machine: whole, verified, under its name only when it is both. What has arrived stays in
 * `FILE.part` through cuts, cancellation and the end of the process, and a later call goes on from there. A file that is
 * there already and has the checksums is left as it is.
 * @throws DownloadError saying what happened, at which address, and what to do
 * @throws CancelledError
 * @throws UserError when the disk is full or the folder cannot be written
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { file, checksums, signal, urls } = options;
  if (await isThere(file, checksums, signal)) return;
  for (const [index, url] of urls.entries()) {
    try {
      return await new Transfer(url, options).complete();
    } catch (error) {
      if (!(error instanceof DownloadError) || index === urls.length - 1) throw writeFailure(error, file);
    }
  }
  throw new UserError(`There is no address to download ${path.basename(file)} from`, { file });
}

async function isThere(file: string, checksums: Checksums, signal: AbortSignal | undefined): Promise<boolean> {
  const stat = await fs.stat(file).catch(() => null);
  if (!stat?.isFile() || Object.keys(checksums).length === 0) return false;
  return (await mismatchOf(file, checksums, signal)) === null;
}

/** One file from one address. */
class Transfer {
  private readonly part: PartFile;
  private readonly address: string;
  /** Bytes of the part. */
  private done = 0;

  constructor(
    private readonly url: string,
    private readonly options: DownloadOptions,
  ) {
    this.part = new PartFile(options.file);
    this.address = shown(url);
  }

  async complete(): Promise<void> {
    const { attempts = 5, retryDelayMs: delayMs = 500, signal, file } = this.options;
    for (;;) {
      const resumed = (this.done = await this.part.size());
      await retrying(
        () => this.attempt(),
        () => this.done,
        { attempts, delayMs, signal },
      );
      const problem = await this.mismatch();
      if (problem === null) return this.part.finish(file);
      await this.part.remove();
      // Bytes of an earlier call may have suffered since; those of this call came over one verified connection.
      if (resumed === 0) {
        const advice = 'What came was removed. Try again later, or check the proxy or mirror on the way.';
        throw new DownloadError(this.address, problem, advice, false);
      }
    }
  }

  /** One request, from where the part ends. Ends normally when every byte is there. */
  private async attempt(): Promise<void> {
    const { size = null, signal, network, stallTimeoutMs = 30_000 } = this.options;
    const known = await this.part.version();
    const from = await this.resumable(known);
    if (from > 0 && from === size) return;
    const headers = from > 0 && known !== null ? rangeHeaders(from, known) : {};
    const response = await get(this.url, [200, 206, 416], { network, headers, stallTimeoutMs, signal });
    const version = versionOf(single(response.headers.etag), single(response.headers['last-modified']));
    try {
      const start = await this.startOf(response, from, known, version);
      const length = single(response.headers['content-length']);
      const total = size ?? (length === null ? null : start + Number(length));
      if (length !== null && total !== null && start + Number(length) !== total) {
        throw this.wrongLength(start + Number(length), total);
      }
      await this.receive(response, await this.part.open(start, version), start, total);
    } catch (error) {
      response.body.on('error', () => undefined).destroy();
      if (signal?.aborted) throw new CancelledError();
      throw error instanceof UserError || isOfTheDisk(error) ? error : connectionFailure(this.address, error);
    }
  }

  /** How much of the part may be kept. Without a version to ask for, only a checksum can vouch for the seam. */
  private async resumable(known: Version | null): Promise<number> {
    if (known === null) return 0;
    const vouched =
      known.etag !== null || known.lastModified !== null || Object.keys(this.options.checksums).length > 0;
    return vouched ? this.part.size() : 0;
  }

  /** The position that the answer's first byte belongs to. */
  private async startOf(response: Response, from: number, known: Version | null, version: Version): Promise<number> {
    if (response.status === 200) return (this.done = 0);
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(single(response.headers['content-range']) ?? '');
    const same = known !== null && sameVersion(known, version);
    if (response.status === 206 && range !== null && Number(range[1]) === from && same) return from;
    // Another file by now, or a server that answers something else than it was asked: from the beginning.
    await this.part.remove();
    this.done = 0;
    const problem = 'the file on the server is another one than the part that was here';
    throw new DownloadError(this.address, problem, 'Do the same again: it starts anew.', true);
  }

  private async receive(response: Response, handle: FileHandle, start: number, total: number | null): Promise<void> {
    const { onProgress } = this.options;
    this.done = start;
    try {
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        if (total !== null && this.done + chunk.length > total) {
          await this.part.remove();
          throw this.wrongLength(this.done + chunk.length, total);
        }
        await handle.write(chunk, 0, chunk.length, this.done);
        this.done += chunk.length;
        onProgress?.(this.done, total);
      }
    } finally {
      await handle.close();
    }
    if (total !== null && this.done < total) {
      const advice = 'Do the same again: it goes on where it stopped.';
      throw new DownloadError(this.address, `it ended after ${this.done} of ${total} bytes`, advice, true);
    }
  }

  private async mismatch(): Promise<string | null> {
    const wrong = await mismatchOf(this.part.path, this.options.checksums, this.options.signal);
    return wrong && `its ${wrong.name} is ${wrong.found} instead of ${wrong.expected}`;
  }

  private wrongLength(found: number, expected: number): DownloadError {
    const advice = 'Try again later, or check the proxy or mirror on the way.';
    return new DownloadError(this.address, `it has ${found} bytes or more instead of ${expected}`, advice, false);
  }
}

function rangeHeaders(from: number, { etag, lastModified }: Version): Record<string, string> {
  const validator = etag ?? lastModified;
  return { range: `bytes=${from}-`, ...(validator === null ? {} : { 'if-range': validator }) };
}

const diskCodes = new Set(['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EIO', 'EFBIG']);

const isOfTheDisk = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error &&
  'syscall' in error &&
  error.syscall !== 'connect' &&
  'code' in error &&
  diskCodes.has(String(error.code));

function writeFailure(error: unknown, file: string): unknown {
  if (!isOfTheDisk(error)) return error;
  const full = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  const advice = full
    ? 'the disk is full: free space and do the same again, it goes on where it stopped'
    : 'check its folder';
  return new UserError(`${file} could not be written (${error.code}): ${advice}`, { file, cause: error });
}
