/** A JSON entry of a file's metadata, unchecked; undefined where it is absent or no JSON, which no schema takes. */
export function parseEntry(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
