import { UserError } from '../errors';

/** A download that did not come about. Nothing but the part beside the target was written. */
export class DownloadError extends UserError {
  override name = 'DownloadError';
  constructor(
    /** Without credentials. */
    readonly url: string,
    problem: string,
    advice: string,
    /** Whether the same request may succeed a moment later. */
    readonly passing: boolean,
    cause?: unknown,
  ) {
    super(`${url} could not be downloaded: ${problem}. ${advice}`, { cause });
  }
}

/** An address as it may be shown: user names and passwords stay out of messages. */
export function shown(url: string | URL): string {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  plain.hash = '';
  return plain.href;
}

/** What an HTTP status that is no success means for the user. */
export function statusFailure(url: string, status: number): DownloadError {
  const said = `the server answered with status ${status}`;
  if (status === 401 || status === 403) {
    const advice =
      'Put a user name and a password or token into its address (https://USER:TOKEN@HOST/…) where it is set.';
    return new DownloadError(url, `${said} (access refused)`, advice, false);
  }
  if (status === 404 || status === 410) {
    return new DownloadError(url, `${said} (not there)`, 'Check the address, or the index that named it.', false);
  }
  if (status === 407) return proxyRefusal(url);
  const passing = status === 408 || status === 425 || status === 429 || status >= 500;
  return new DownloadError(url, said, passing ? 'Try again later.' : 'Check the address.', passing);
}

const proxyRefusal = (url: string, cause?: unknown): DownloadError =>
  new DownloadError(
    url,
    'the proxy asks who you are (status 407)',
    'Put a user name and a password into its address: http://USER:PASSWORD@HOST:PORT.',
    false,
    cause,
  );

const unreachable = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);
const stalled = new Set(['UND_ERR_BODY_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']);

/** What a failed connection means for the user. */
export function connectionFailure(url: string, error: unknown): DownloadError {
  if (error instanceof DownloadError) return error;
  const { code, message } = described(error);
  const again = 'Do the same again: it goes on where it stopped.';
  if (/Proxy response.*407|\(407\)/.test(message)) return proxyRefusal(url, error);
  if (/Proxy response|Proxy connection/i.test(message)) {
    return new DownloadError(url, `the proxy did not connect (${message})`, 'Check the proxy setting.', false, error);
  }
  if (unreachable.has(code)) {
    const advice = "Check the network; behind a proxy set HTTPS_PROXY, or pip's or npm's proxy.";
    // Whoever has no network at all should not be kept waiting by retries; a refused or unknown host rarely changes.
    return new DownloadError(url, `its server cannot be reached (${code})`, advice, code === 'EAI_AGAIN', error);
  }
  if (/CERT|SIGNATURE|ISSUER|SELF_SIGNED|ALTNAME|ERR_TLS/.test(code)) {
    const advice = 'Name your organisation\'s certificate file in NODE_EXTRA_CA_CERTS, or in pip\'s setting "cert".';
    return new DownloadError(url, `its server's certificate is not trusted (${code})`, advice, false, error);
  }
  if (stalled.has(code)) return new DownloadError(url, 'nothing arrived for too long', again, true, error);
  return new DownloadError(url, `the connection was cut (${code || message})`, again, true, error);
}

/** undici wraps a socket's error; Node collects those of several addresses in one. */
function described(error: unknown): { code: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return described(error.errors[0]);
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const inner = error.cause === undefined ? null : described(error.cause);
  return inner !== null && inner.code !== '' && (code === '' || code === 'UND_ERR_SOCKET')
    ? inner
    : { code, message: error.message };
}
