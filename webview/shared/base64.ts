interface FromBase64 {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}

/** The bytes of a base64 string. @throws SyntaxError or DOMException where it is none. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  // Where the browser has it, thirty times as fast as what follows.
  const native = (Uint8Array as FromBase64).fromBase64;
  if (native) return native.call(Uint8Array, base64);
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

interface ToBase64 {
  toBase64?(): string;
}

/** The base64 string of some bytes. */
export function base64Of(bytes: Uint8Array<ArrayBuffer> & ToBase64): string {
  if (bytes.toBase64) return bytes.toBase64();
  let text = '';
  // Not all at once: each byte is an argument of the call.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
