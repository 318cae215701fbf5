import { CancelledError } from '../errors';
import { connectionFailure, DownloadError, shown } from './failure';
import type { Network } from './network';
import { get, single } from './request';
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
    return { url: response.url, mediaType, text: Buffer.concat(chunks).toString('utf8') };
  };
  return retrying(work, () => 0, { attempts, delayMs: retryDelayMs, signal });
}
