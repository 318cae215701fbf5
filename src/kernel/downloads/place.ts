import os from 'node:os';
import path from 'node:path';

/** Where settings are looked for. */
export interface Place {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder. */
  readonly home: string;
  readonly platform: NodeJS.Platform;
  /** Where the system's own files begin. */
  readonly root: string;
}

/** This process's own. */
export const thisPlace = (): Place => ({
  env: process.env,
  home: os.homedir(),
  platform: process.platform,
  root: path.parse(os.homedir()).root,
});
