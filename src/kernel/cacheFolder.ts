import os from 'node:os';
import path from 'node:path';

/**
 * A folder of the user's cache: what lies there may be removed at any time and is made or fetched again. MEDSA_CACHE
 * names another place for all of it; else $XDG_CACHE_HOME/med-sa or ~/.cache/med-sa, on macOS ~/Library/Caches/med-sa,
 * on Windows %LOCALAPPDATA%\\med-sa. The folder need not exist.
 */
export function cacheFolder(...parts: string[]): string {
  const { MEDSA_CACHE: own } = process.env;
  return own ? path.resolve(own, ...parts) : path.join(systemCache(), 'med-sa', ...parts);
}

function systemCache(): string {
  const { XDG_CACHE_HOME: named, LOCALAPPDATA: local } = process.env;
  const home = os.homedir();
  if (named && path.isAbsolute(named)) return named;
  if (process.platform === 'win32') return local || path.join(home, 'AppData', 'Local');
  return process.platform === 'darwin' ? path.join(home, 'Library', 'Caches') : path.join(home, '.cache');
}
