/** A section's keys and values; keys in lower case. */
export type IniSection = ReadonlyMap<string, string>;

/**
 * The sections of an INI file, as Python's configparser (pip.conf) and npm's reader (.npmrc) take them: `key = value` or
 * `key: value`, lines that begin with `#` or `;` are comments, an indented line goes on with the value before it. What
 * stands before the first `[section]` is the section "".
 */
export function parseIni(text: string): ReadonlyMap<string, IniSection> {
  const sections = new Map<string, Map<string, string>>([['', new Map()]]);
  let section = '';
  let key: string | null = null;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const heading = /^\[([^\]]+)\]/.exec(line)?.[1].trim();
    const pair = /^([^\s=:][^=:]*?)\s*[=:]\s*(.*)$/.exec(line);
    const values = sections.get(section);
    if (heading !== undefined) {
      section = heading;
      key = null;
      if (!sections.has(section)) sections.set(section, new Map());
    } else if (/^\s/.test(line) && key !== null) {
      values?.set(key, `${values.get(key) ?? ''}\n${line.trim()}`.trim());
    } else if (pair !== null) {
      key = pair[1].toLowerCase();
      values?.set(key, unquoted(pair[2].trim()));
    }
  }
  return sections;
}

const unquoted = (value: string): string => /^(["'])(.*)\1$/.exec(value)?.[2] ?? value;
