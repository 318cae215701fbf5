import fs from 'node:fs';
import path from 'node:path';
import { parseIni } from './iniFile';
import type { Place } from './place';

/** What npm was told about the network. */
export interface NpmSettings {
  readonly httpsProxy: string | null;
  readonly httpProxy: string | null;
  readonly noProxy: string | null;
  /** File of certificate authorities. */
  readonly cafile: string | null;
}

/**
 * npm's settings: the machine's and the user's npmrc, then the variables npm_config_…, each later one winning. A
 * project's own .npmrc is not asked: what a downloaded folder says must not lead downloads through a stranger's proxy.
 */
export function npmSettings(place: Place): NpmSettings {
  const { env, home } = place;
  const variables = new Map(
    Object.entries(env)
      .filter(([name]) => /^npm_config_/i.test(name))
      .map(([name, value]) => [name.slice('npm_config_'.length).toLowerCase().replaceAll('_', '-'), value ?? '']),
  );
  const prefix = variables.get('prefix') || path.dirname(path.dirname(process.execPath));
  const files = [
    variables.get('globalconfig') || path.join(prefix, 'etc', 'npmrc'),
    variables.get('userconfig') || path.join(home, '.npmrc'),
  ];
  const values = new Map(files.flatMap((file) => [...settingsOf(file, env)]));
  for (const [key, value] of variables) values.set(key, value);
  const value = (key: string): string | null => {
    const found = values.get(key) ?? '';
    return found === '' || found === 'null' ? null : found;
  };
  return {
    httpsProxy: value('https-proxy') ?? value('proxy'),
    httpProxy: value('proxy'),
    noProxy: value('noproxy'),
    cafile: value('cafile'),
  };
}

function settingsOf(file: string, env: Place['env']): ReadonlyMap<string, string> {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch {
    return new Map(); // not there: it sets nothing
  }
  const values = parseIni(text).get('') ?? new Map<string, string>();
  const filledIn = (value: string): string => value.replace(/\$\{([^}]+)\}/g, (whole, name) => env[name] ?? whole);
  return new Map([...values].map(([key, value]) => [key, filledIn(value)]));
}
