import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchText, networkSettings, openNetwork, pipSettings, type Place } from '../../../src/kernel/downloads';
import { temporaryFolder } from '../../support/temporaryFolder';

/** A machine of its own: nothing of this one's settings is seen. */
function machine(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}): Place {
  const home = temporaryFolder('home');
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    fs.writeFileSync(path.join(home, name), text);
  }
  const inHome = (name: string): string => path.join(home, name);
  const own = { XDG_CONFIG_DIRS: inHome('xdg'), npm_config_globalconfig: inHome('etc/npmrc') };
  const filled = Object.entries(env).map(([key, value]) => [key, value.replace('HOME', home)]);
  return { env: { ...own, ...Object.fromEntries(filled) }, home, platform: 'linux', root: inHome('root') };
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe("pip's settings", () => {
  it('are PyPI where nothing is set', () => {
    const { indexes, proxy } = pipSettings(machine({}, { PIP_CONFIG_FILE: '/dev/null' }));
    expect({ indexes, proxy }).toEqual({ indexes: ['https://pypi.org/simple'], proxy: null });
  });

  it('come from the files of system and user, and from variables, the later one winning', () => {
    const files = {
      'xdg/pip/pip.conf': '[global]\nindex-url = https://system/simple\nproxy = system:1\n',
      'root/etc/pip.conf': '[global]\ncert = /system.pem\n',
      '.pip/pip.conf': '# comment\n[global]\nindex_url = ignored\nindex-url: https://legacy/simple\n',
      '.config/pip/pip.conf':
        '[global]\nproxy = "http://user:2"\n[install]\nextra-index-url =\n    https://one/simple\n    https://two/simple\n',
      'named.conf': '[global]\ncert = /named.pem\n',
    };
    expect(pipSettings(machine(files))).toEqual({
      indexes: ['https://legacy/simple', 'https://one/simple', 'https://two/simple'],
      proxy: 'http://user:2',
      cert: '/system.pem',
    });
    const env = { PIP_CONFIG_FILE: 'HOME/named.conf', PIP_INDEX_URL: 'https://env/simple', PIP_PROXY: 'env:3' };
    expect(pipSettings(machine(files, env))).toMatchObject({ proxy: 'env:3', cert: '/named.pem' });
    expect(pipSettings(machine(files, env)).indexes[0]).toBe('https://env/simple');
  });
});

describe('the way to the network', () => {
  it("is pip's proxy, else npm's, else the environment's", () => {
    const npmrc = {
      '.npmrc': 'https-proxy=http://${NAME}:1/\nproxy=http://npm-http:2\nnoproxy=a.org\ncafile=/npm.pem\n',
    };
    const env = { HTTPS_PROXY: 'env:9', HTTP_PROXY: 'http://env-http:8', NO_PROXY: 'b.org', NAME: 'npm' };
    const none = networkSettings(machine({}, env));
    expect(none).toMatchObject({ httpsProxy: 'http://env:9', httpProxy: 'http://env-http:8', noProxy: 'b.org' });
    const npm = networkSettings(machine(npmrc, env));
    expect(npm).toMatchObject({ httpsProxy: 'http://npm:1/', httpProxy: 'http://npm-http:2', noProxy: 'a.org' });
    expect(npm.certificates).toContain('/npm.pem');
    const pip = networkSettings(machine(npmrc, { ...env, PIP_PROXY: 'pip:7', NODE_EXTRA_CA_CERTS: '/node.pem' }));
    expect(pip).toMatchObject({ httpsProxy: 'http://pip:7', httpProxy: 'http://pip:7' });
    expect(pip.certificates).toEqual(expect.arrayContaining(['/npm.pem', '/node.pem']));
    const variable = networkSettings(machine(npmrc, { ...env, npm_config_https_proxy: 'http://variable:1' }));
    expect(variable.httpsProxy).toBe('http://variable:1');
  });

  it('is refused where a setting means nothing', () => {
    const settings = { httpProxy: null, httpsProxy: null, noProxy: '', certificates: [] };
    expect(() => openNetwork({ ...settings, httpsProxy: 'ftp://proxy' })).toThrow(/"ftp:\/\/proxy" is no address/);
    expect(() => openNetwork({ ...settings, certificates: ['/missing.pem'] })).toThrow(
      /\/missing.pem cannot be read.*"cert"/,
    );
  });

  it.skipIf(!hasOpenssl)(
    "trusts an organisation's certificate where a setting names it, and nowhere else",
    async () => {
      const folder = temporaryFolder('tls');
      const [key, certificate] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
      const pair = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificate];
      execFileSync('openssl', ['req', ...pair, ...subject], { stdio: 'ignore' });
      const server = https.createServer(
        { key: fs.readFileSync(key), cert: fs.readFileSync(certificate) },
        (_, response) => response.end('the index'),
      );
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `https://localhost:${(server.address() as AddressInfo).port}/simple`;
      const settings = { httpProxy: null, httpsProxy: null, noProxy: '', certificates: [] };
      const trusting = openNetwork({ ...settings, certificates: [certificate] });
      const strict = openNetwork(settings);
      try {
        expect((await fetchText(url, { network: trusting })).text).toBe('the index');
        await expect(fetchText(url, { network: strict })).rejects.toThrow(
          /certificate is not trusted.*NODE_EXTRA_CA_CERTS/,
        );
      } finally {
        await Promise.all([trusting.close(), strict.close()]);
        server.close();
      }
    },
  );
});
