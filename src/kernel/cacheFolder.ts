import os from 'node:os';
import path from 'node:path';

/**
 * The user's cache folder for what this project fetches: $XDG_CACHE_HOME/med-sa or ~/.cache/med-sa, on macOS
 * ~/Library/Caches/med-sa, on Windows %LOCALAPPDATA%\med-sa. It need not exist.
 */
export function cacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
  home: string = os.homedir(),
  platform: NodeJS.Platform = process.platform,
): string {
  const named = env.XDG_CACHE_HOME;
  if (named && path.isAbsolute(named)) return path.join(named, 'med-sa');
  if (platform === 'win32') return path.join(env.LOCALAPPDATA || path.join(home, 'AppData', 'Local'), 'med-sa');
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches', 'med-sa');
  return path.join(home, '.cache', 'med-sa');
}
