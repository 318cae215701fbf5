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
