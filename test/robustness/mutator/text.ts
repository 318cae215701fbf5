// Damage to text: JSON, lines of JSON, tables, XML and the headers of NRRD and MetaImage.
import type { Random } from '../../../src/kernel/datasets';
import { damagedBytes } from './bytes';
import { damagedValue } from './values';

const numbers = [
  '0',
  '-1',
  'NaN',
  'Infinity',
  '-Infinity',
  '1e999',
  '1e-999',
  '99999999999999999999',
  '2147483648',
  '0.5',
  '',
  '-0',
  '0x10',
  'null',
];

type Damage = (text: string, random: Random) => string;

const lines = (text: string): string[] => text.split('\n');

const damages: Readonly<Record<string, Damage>> = {
  'another number': (text, random) => {
    const found = [...text.matchAll(/-?\d+(\.\d+)?/g)];
    if (found.length === 0) return text;
    const { index, 0: old } = random.pick(found);
    return text.slice(0, index) + random.pick(numbers) + text.slice(index + old.length);
  },
  'a line twice': (text, random) => {
    const all = lines(text);
    return all.toSpliced(random.integer(all.length), 0, random.pick(all)).join('\n');
  },
  'lines in another order': (text, random) => random.shuffle(lines(text)).join('\n'),
  'a line left out': (text, random) =>
    lines(text)
      .toSpliced(random.integer(lines(text).length), 1)
      .join('\n'),
  'a mark left out': (text, random) => {
    const found = [...text.matchAll(/["'{}[\]<>,:/&;=]/g)];
    if (found.length === 0) return text;
    const { index } = random.pick(found);
    return text.slice(0, index) + text.slice(index + 1);
  },
  'a mark too many': (text, random) => {
    const at = random.integer(text.length + 1);
    return (
      text.slice(0, at) +
      random.pick(['"', '{', '}', '[', ']', '<', '>', ',', '&', '\\', '\0', '\r', '\ud800', '../']) +
      text.slice(at)
    );
  },
  'deep nesting': (text, random) => {
    const at = random.integer(text.length + 1);
    const [open, close] = random.pick([
      ['[', ']'],
      ['{"a":', '}'],
      ['<mark>', '</mark>'],
      ['<!DOCTYPE a [<!ENTITY b "&b;">]>', ''],
    ]);
    const depth = random.pick([40, 2000, 100_000]);
    return text.slice(0, at) + open.repeat(depth) + close.repeat(random.chance(0.5) ? depth : 0) + text.slice(at);
  },
  'a very long word': (text, random) => {
    const at = random.integer(text.length + 1);
    return text.slice(0, at) + random.pick(['x', ' ', '"', ',', '1']).repeat(1 << 20) + text.slice(at);
  },
  'a path elsewhere': (text, random) => {
    const found = [...text.matchAll(/[\w-]+\.(png|nii|json|csv|gz|safetensors|jpg)\b/g)];
    if (found.length === 0) return text;
    const { index, 0: old } = random.pick(found);
    const other = random.pick([
      '../../outside.png',
      '/etc/passwd',
      `../${old}`,
      '.',
      '',
      'no\0thing.png',
      'a/'.repeat(3000),
    ]);
    return text.slice(0, index) + other + text.slice(index + old.length);
  },
};

/** A line of JSON, or the whole, with something wrong in it; null where there is no JSON. */
function damagedJson(text: string, random: Random): { text: string; what: string } | null {
  const all = lines(text);
  const at = random.integer(all.length);
  for (const [part, put] of [
    [text, (json: string) => json],
    [all[at], (json: string) => all.with(at, json).join('\n')],
  ] as const) {
    try {
      const { value, what } = damagedValue(JSON.parse(part), random, { wire: false });
      return { text: put(JSON.stringify(value) ?? 'null'), what };
    } catch {
      // Not this part.
    }
  }
  return null;
}

/** One to three pieces of damage to a file of text, or damage to its bytes. */
export function damagedText(bytes: Buffer, random: Random, other: Buffer): { bytes: Buffer; what: string } {
  if (random.chance(0.2)) return damagedBytes(bytes, random, other);
  const text = bytes.toString('utf8');
  if (random.chance(0.4)) {
    const json = damagedJson(text, random);
    if (json !== null) return { bytes: Buffer.from(json.text), what: json.what };
  }
  const names = Array.from({ length: random.pick([1, 1, 2, 3]) }, () => random.pick(Object.keys(damages)));
  const damaged = names.reduce((now, name) => (now.length > 1 << 19 ? now : damages[name](now, random)), text);
  return { bytes: Buffer.from(damaged), what: names.join(', ') };
}
