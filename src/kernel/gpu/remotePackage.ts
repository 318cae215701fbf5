import type { Checksums } from '../downloads';

/** An archive on a server: a wheel or a NuGet package, both zip archives. */
export interface RemotePackage {
  readonly name: string;
  readonly version: string;
  readonly url: string;
  readonly checksums: Checksums;
  /** In bytes; null where the index does not tell. */
  readonly size: number | null;
}
