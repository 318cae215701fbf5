import { gunzipSync } from 'node:zlib';
import { CancelledError } from '../errors';
import { connectionFailure, DownloadError, shown } from './failure';
import type { Network } from './network';
import { get, single, type Response } from './request';
import { retrying } from './retry';

export interface TextOptions {
  readonly network: Network;
  /** Media types, as HTTP's Accept. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
  readonly stallTimeoutMs?: number;
  readonly attempts?: number;
  readonly retryDelayMs?: number;
}

export interface FetchedText {
  /** Where it came from, after redirections: what relative links in it start from. */
  readonly url: string;
  readonly mediaType: string;
  readonly text: string;
}

/** Indexes are some hundred kilobytes; the largest of PyPI is about 40 MB. */
const mostBytes = 100 * 2 ** 20;

/** A document of an index, in memory. @throws DownloadError, CancelledError */
export function fetchText(url: string, options: TextOptions): Promise<FetchedText> {
  const { network, accept = '*/*', signal, stallTimeoutMs = 20_000, attempts = 3, retryDelayMs = 500 } = options;
  const work = async (): Promise<FetchedText> => {
    const response = await get(url, [200], { network, headers: { accept }, stallTimeoutMs, signal });
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > mostBytes) {
          throw new DownloadError(shown(url), 'it is too large for an index', 'Check the address.', false);
        }
        chunks.push(chunk);
      }
    } catch (error) {
      if (signal?.aborted) throw new CancelledError();
      throw connectionFailure(shown(response.url), error);
    }
    const mediaType = (single(response.headers['content-type']) ?? '').split(';')[0].trim().toLowerCase();
    return { url: response.url, mediaType, text: unpacked(Buffer.concat(chunks), response, shown(url)) };
  };
  return retrying(work, () => 0, { attempts, delayMs: retryDelayMs, signal });
}

/** Some servers keep documents compressed and send them so, whatever was asked for. */
function unpacked(bytes: Buffer, { headers }: Response, url: string): string {
  if (single(headers['content-encoding']) !== 'gzip') return bytes.toString('utf8');
  try {
    return gunzipSync(bytes, { maxOutputLength: mostBytes }).toString('utf8');
  } catch (cause) {
    throw new DownloadError(url, 'what came does not unpack', 'Try again later.', true, cause);
  }
}
