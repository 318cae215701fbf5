import fs from 'node:fs';
import tls from 'node:tls';
import { EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { UserError } from '../errors';
import { npmSettings } from './npmSettings';
import { pipSettings } from './pipSettings';
import { thisPlace, type Place } from './place';

/** How the network is reached. */
export interface NetworkSettings {
  /** URL of the proxy for http: and for https: addresses; null: none. */
  readonly httpProxy: string | null;
  readonly httpsProxy: string | null;
  /** Hosts that are reached without a proxy, separated by commas. */
  readonly noProxy: string;
  /** Files of certificate authorities to trust besides Node's own. */
  readonly certificates: readonly string[];
}

/** Connections for downloads. Close it when the last one has ended. */
export interface Network {
  readonly dispatcher: Dispatcher;
  close(): Promise<void>;
}

/**
 * The settings that pip, npm and the environment agree on. Proxies: pip's, else npm's, else HTTPS_PROXY / HTTP_PROXY.
 * Certificates: those that any of them names, all of them.
 */
export function networkSettings(place: Place = thisPlace()): NetworkSettings {
  const { env } = place;
  const pip = pipSettings(place);
  const npm = npmSettings(place);
  const variable = (name: string): string | null => env[name.toLowerCase()] || env[name] || null;
  const http = pip.proxy ?? npm.httpProxy ?? variable('HTTP_PROXY');
  const https = pip.proxy ?? npm.httpsProxy ?? variable('HTTPS_PROXY') ?? variable('HTTP_PROXY');
  const files = [pip.cert, npm.cafile, env.NODE_EXTRA_CA_CERTS, env.REQUESTS_CA_BUNDLE];
  return {
    httpProxy: withScheme(http),
    httpsProxy: withScheme(https),
    noProxy: npm.noProxy ?? variable('NO_PROXY') ?? '',
    certificates: [
      ...new Set(files.filter((file): file is string => file !== null && file !== undefined && file !== '')),
    ],
  };
}

/** pip and the environment also take "proxy.example.org:8080". */
const withScheme = (proxy: string | null): string | null =>
  proxy === null || /^\w+:\/\//.test(proxy) ? proxy : `http://${proxy}`;

/** @throws UserError when a file of certificates cannot be read, or a proxy's address means nothing */
export function openNetwork(settings: NetworkSettings = networkSettings()): Network {
  const { httpProxy, httpsProxy, noProxy, certificates } = settings;
  const ca = certificates.length === 0 ? undefined : [...tls.rootCertificates, ...certificates.map(certificatesIn)];
  for (const proxy of [httpProxy, httpsProxy]) requireAddress(proxy);
  const dispatcher = new EnvHttpProxyAgent({
    // An empty text rather than nothing: nothing would make the agent ask the environment by itself.
    httpProxy: httpProxy ?? '',
    httpsProxy: httpsProxy ?? '',
    noProxy,
    connect: { ca },
    requestTls: { ca },
    proxyTls: { ca },
  });
  return { dispatcher, close: () => dispatcher.destroy() };
}

function certificatesIn(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UserError(
      `The certificates in ${file} cannot be read; that file is named by pip's setting "cert", npm's "cafile", ` +
        'NODE_EXTRA_CA_CERTS or REQUESTS_CA_BUNDLE: correct the setting',
      { file, cause },
    );
  }
}

function requireAddress(proxy: string | null): void {
  if (proxy === null || (URL.canParse(proxy) && /^https?:$/.test(new URL(proxy).protocol))) return;
  throw new UserError(
    `The proxy "${proxy}" is no address of the form http://HOST:PORT: correct it where it is set ` +
      "(pip's or npm's proxy, HTTPS_PROXY, HTTP_PROXY)",
  );
}
