import { UserError } from '../errors';

/** An element: its name, its own text (without its children's) and its children. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
  /** Line on which it begins, from 1. */
  readonly line: number;
}

const mostBytes = 8 * 2 ** 20;
const mostDepth = 32;
const mostElements = 100_000;

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

interface Building {
  readonly name: string;
  readonly line: number;
  text: string;
  readonly children: XmlElement[];
}

/** One piece of markup or text. Attributes are passed over. */
const token =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;

/**
 * Reads the elements and texts of a small XML document. Document types are refused: nothing that a file declares is
 * expanded, and nothing outside of it is read.
 * @throws UserError naming file and line when it is not well-formed, too large, too deep, or has a document type.
 */
export function parseXml(file: string, bytes: Buffer): XmlElement {
  if (bytes.length > mostBytes) throw new UserError(`${file} is too large for an annotation: remove it`, { file });
  const source = new TextDecoder('utf-8').decode(bytes);
  const root: Building = { name: '', line: 1, text: '', children: [] };
  const open = [root];
  let [at, line, elements] = [0, 1, 0];
  const wrong = (what: string) => new UserError(`${file}, line ${line}: ${what}; correct the file`, { file });
  while (at < source.length) {
    token.lastIndex = at;
    const match = token.exec(source);
    if (!match) throw wrong(source.startsWith('<!', at) ? 'document types are not read' : 'this is no XML');
    const [all, cdata, closing, name, , selfClosing, text] = match;
    const top = open[open.length - 1];
    if (cdata !== undefined) top.text += cdata;
    else if (text !== undefined) top.text += plain(text, wrong);
    else if (closing === '/') {
      if (top.name !== name || open.length === 1) throw wrong(`</${name}> closes nothing that is open`);
      open.pop();
      open[open.length - 1].children.push(top);
    } else if (name !== undefined) {
      if (++elements > mostElements || open.length > mostDepth) throw wrong('too many elements, or too deep');
      const element: Building = { name, line, text: '', children: [] };
      if (selfClosing === '/') top.children.push(element);
      else open.push(element);
    }
    at += all.length;
    line += all.split('\n').length - 1;
  }
  if (open.length > 1) throw wrong(`<${open[open.length - 1].name}> is not closed`);
  if (root.children.length !== 1 || root.text.trim() !== '') throw wrong('there is not one element around all others');
  return root.children[0];
}

function plain(text: string, wrong: (what: string) => UserError): string {
  return text.replace(/&([^;\s]*)(;?)/g, (_, name: string, end: string) => {
    if (end === '') throw wrong('an & that begins no entity is written &amp;');
    if (Object.hasOwn(entities, name)) return entities[name];
    const code = /^#(?:x([\da-f]{1,6})|(\d{1,7}))$/i.exec(name);
    const point = code ? parseInt(code[1] ?? code[2], code[1] === undefined ? 10 : 16) : Infinity;
    if (point > 0x10ffff) throw wrong(`the entity &${name.slice(0, 20)}; is not known`);
    return String.fromCodePoint(point);
  });
}

/** Texts of the children of this name, trimmed. */
export const textsOf = ({ children }: XmlElement, name: string): string[] =>
  children.filter((child) => child.name === name).map(({ text }) => text.trim());
