import fs from 'node:fs';
import path from 'node:path';
import { parseIni } from './iniFile';
import type { Place } from './place';

/** What pip was told about the network, for whoever fetches wheels without it. */
export interface PipSettings {
  /** The index first, then the further ones; as pip: PyPI where nothing is set. */
  readonly indexes: readonly string[];
  readonly proxy: string | null;
  /** File of certificate authorities. */
  readonly cert: string | null;
}

const pypi = 'https://pypi.org/simple';

/**
 * pip's settings: its configuration files (global, user, virtual environment, PIP_CONFIG_FILE; the sections [global] and
 * [install]), then the variables PIP_…, each later one winning. (pip documentation, "Configuration".)
 */
export function pipSettings(place: Place): PipSettings {
  const values = new Map<string, string>();
  for (const file of configurationFiles(place)) {
    const sections = parseIni(contentOf(file));
    for (const name of ['global', 'install']) {
      for (const [key, value] of sections.get(name) ?? []) values.set(key, value);
    }
  }
  for (const key of ['index-url', 'extra-index-url', 'proxy', 'cert']) {
    const value = place.env[`PIP_${key.toUpperCase().replaceAll('-', '_')}`];
    if (value !== undefined && value !== '') values.set(key, value);
  }
  const words = (key: string): string[] => (values.get(key) ?? '').split(/\s+/).filter((word) => word !== '');
  return {
    indexes: [words('index-url').at(0) ?? pypi, ...words('extra-index-url')],
    proxy: words('proxy').at(0) ?? null,
    cert: values.get('cert') ?? null,
  };
}

/** Lowest rank first. */
function configurationFiles({ env, home, platform, root }: Place): string[] {
  const named = env.PIP_CONFIG_FILE;
  // pip's way to read no file at all.
  if (named === '/dev/null' || named === 'nul') return [];
  const windows = platform === 'win32';
  const name = windows ? 'pip.ini' : 'pip.conf';
  const config = env.XDG_CONFIG_HOME || path.join(home, '.config');
  const perSystem: Partial<Record<NodeJS.Platform, string[]>> = {
    win32: [
      path.join(env.PROGRAMDATA || path.join(root, 'ProgramData'), 'pip', name),
      path.join(home, 'pip', name),
      path.join(env.APPDATA || path.join(home, 'AppData', 'Roaming'), 'pip', name),
    ],
    darwin: [
      path.join(root, 'Library', 'Application Support', 'pip', name),
      path.join(home, '.pip', name),
      path.join(config, 'pip', name),
      path.join(home, 'Library', 'Application Support', 'pip', name),
    ],
  };
  const elsewhere = [
    ...(env.XDG_CONFIG_DIRS || '/etc/xdg').split(':').map((folder) => path.join(folder, 'pip', name)),
    path.join(root, 'etc', name),
    path.join(home, '.pip', name),
    path.join(config, 'pip', name),
  ];
  return [
    ...(perSystem[platform] ?? elsewhere),
    ...(env.VIRTUAL_ENV ? [path.join(env.VIRTUAL_ENV, name)] : []),
    ...(named ? [named] : []),
  ];
}

/** A file that is not there, or may not be read, sets nothing. */
function contentOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
