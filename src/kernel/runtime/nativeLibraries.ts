import os from 'node:os';

/** dlfcn.h of Linux: the library stays open whatever becomes of its handle. */
const stayOpen = 0x1000;

/** What Node says of a library that was opened and is none of its modules. */
const noModule = /did not self-register|Module version mismatch/;

/**
 * Opens a native library in this process and leaves it open, so that others which ask for it by name find it: the
 * dynamic loader takes a library that is open already, wherever it came from. (Node can open modules of its own only; it
 * says that this is none, and closes its handle, when the library is open.)
 * @returns null, or the loader's own words, as "libcuda.so.1: cannot open shared object file: No such file or directory"
 */
export function openLibrary(nameOrFile: string): string | null {
  try {
    process.dlopen({ exports: {} }, nameOrFile, os.constants.dlopen.RTLD_LAZY | stayOpen);
    return null;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return noModule.test(message) ? null : message.split('\n')[0];
  }
}

/** The library that a loader's message misses, by name; null when it says something else. */
export const missingLibrary = (message: string): string | null =>
  /([\w.+-]+): cannot open shared object file/.exec(message)?.[1] ?? null;
