import { request, type Dispatcher } from 'undici';
import { CancelledError } from '../errors';
import { connectionFailure, DownloadError, shown, statusFailure } from './failure';
import type { Network } from './network';

export interface RequestOptions {
  readonly network: Network;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long nothing may arrive. */
  readonly stallTimeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface Response {
  /** The address that answered, after redirections. */
  readonly url: string;
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly body: Dispatcher.ResponseData['body'];
}

const redirections = new Set([301, 302, 303, 307, 308]);
const mostRedirections = 10;

/**
 * GET, through redirections. Credentials in the address are sent to its own host only. `accepted` statuses come back
 * with their body unread; any other is an error. @throws DownloadError, CancelledError
 */
export async function get(url: string, accepted: readonly number[], options: RequestOptions): Promise<Response> {
  const { network, headers = {}, stallTimeoutMs, signal } = options;
  let at = addressOf(url);
  for (let hops = 0; hops <= mostRedirections; hops++) {
    if (signal?.aborted) throw new CancelledError();
    try {
      const target = new URL(at);
      target.username = '';
      target.password = '';
      target.hash = '';
      const asking = request(target, {
        dispatcher: network.dispatcher,
        headers: { 'user-agent': 'med-sa', 'accept-encoding': 'identity', ...headers, ...authorization(at) },
        headersTimeout: stallTimeoutMs,
        bodyTimeout: stallTimeoutMs,
        signal,
      });
      const response = await orAborted(asking, signal);
      const { statusCode, headers: answered, body } = response;
      if (accepted.includes(statusCode)) return { url: at.href, status: statusCode, headers: answered, body };
      await body.dump();
      const location = single(answered.location);
      if (!redirections.has(statusCode) || location === null) throw statusFailure(shown(at), statusCode);
      at = follow(at, location);
    } catch (error) {
      if (signal?.aborted) throw new CancelledError();
      throw connectionFailure(shown(at), error);
    }
  }
  throw new DownloadError(
    shown(url),
    `it is redirected more than ${mostRedirections} times`,
    'Check the address.',
    false,
  );
}

/** undici heeds a signal once it is connected; a server or a proxy that does not answer would be waited for. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  work.catch(() => undefined); // nobody may be left who waits for it
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new CancelledError());
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

export const single = (header: string | string[] | undefined): string | null =>
  (Array.isArray(header) ? header[0] : header) ?? null;

function addressOf(url: string): URL {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return new URL(url);
  throw new DownloadError(url, 'it is no http or https address', 'Correct it where it is set.', false);
}

function follow(from: URL, location: string): URL {
  const to = addressOf(new URL(location, from).href);
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new DownloadError(
      shown(from),
      `it is redirected to the unprotected ${shown(to)}`,
      'Check the address.',
      false,
    );
  }
  // A relative location keeps the host, and with it the credentials.
  if (to.host === from.host && to.username === '') {
    to.username = from.username;
    to.password = from.password;
  }
  return to;
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
