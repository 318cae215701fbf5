import { DownloadError, shown } from './failure';
import type { Network } from './network';
import { get, single } from './request';

/** The size of a file on a server, in bytes, for indexes that do not tell it. @throws DownloadError, CancelledError */
export async function contentLength(url: string, network: Network, signal?: AbortSignal): Promise<number> {
  // Not HEAD, which some servers and signed addresses refuse: one byte tells the length of all.
  const options = { network, headers: { range: 'bytes=0-0' }, stallTimeoutMs: 20_000, signal };
  const { status, headers, body } = await get(url, [200, 206], options);
  body.on('error', () => undefined).destroy();
  const whole = /\/(\d+)$/.exec(single(headers['content-range']) ?? '')?.[1];
  const length = status === 206 ? whole : single(headers['content-length']);
  if (length !== undefined && length !== null) return Number(length);
  throw new DownloadError(shown(url), 'the server does not tell its size', 'Use another index.', false);
}
