import { createHash, randomUUID } from 'node:crypto';

/** A new UID, from a UUID, which needs no registration (PS3.5 B.2). */
export const uid = (): string => fromHex(randomUUID().replaceAll('-', ''));

/** The same UID for the same name: from a UUID made of the name's hash. */
export function uidOf(name: string): string {
  const hash = createHash('sha256').update(name).digest('hex');
  // Version 8 and the variant of RFC 9562: what such a UUID is made of is its maker's own.
  return fromHex(`${hash.slice(0, 12)}8${hash.slice(13, 16)}8${hash.slice(17, 32)}`);
}

const fromHex = (hex: string): string => `2.25.${BigInt(`0x${hex}`)}`;
