import os from 'node:os';
import path from 'node:path';

/**
 * A folder of the user's cache: what lies there may be removed at any time and is made again. MEDSA_CACHE names
 * another place for all of it; else the system's own. The folder need not exist.
 */
export function cacheFolder(...parts: string[]): string {
  const { MEDSA_CACHE: own, XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = process.env;
  if (own) return path.resolve(own, ...parts);
  const home = os.homedir();
  const system =
    process.platform === 'win32'
      ? local || path.join(home, 'AppData', 'Local')
      : process.platform === 'darwin'
        ? path.join(home, 'Library', 'Caches')
        : xdg || path.join(home, '.cache');
  return path.join(system, 'med-sa', ...parts);
}
