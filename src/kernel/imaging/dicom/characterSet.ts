/** Names of PS3.3 C.12.1.1.2 → labels of the WHATWG Encoding Standard, which this platform decodes. */
const labels: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'ISO_IR 100': 'windows-1252',
    'ISO_IR 101': 'iso-8859-2',
    'ISO_IR 109': 'iso-8859-3',
    'ISO_IR 110': 'iso-8859-4',
    'ISO_IR 144': 'iso-8859-5',
    'ISO_IR 127': 'iso-8859-6',
    'ISO_IR 126': 'iso-8859-7',
    'ISO_IR 138': 'iso-8859-8',
    'ISO_IR 148': 'windows-1254',
    'ISO_IR 203': 'iso-8859-15',
    'ISO_IR 13': 'shift_jis',
    'ISO_IR 166': 'windows-874',
    'ISO_IR 192': 'utf-8',
    'ISO 2022 IR 87': 'iso-2022-jp',
    'ISO 2022 IR 149': 'euc-kr',
    GB18030: 'gb18030',
    GBK: 'gbk',
  }),
);

/** By the platform's label: files may name anything. */
const decoders = new Map<string, TextDecoder>();

/**
 * Decodes text of a Specific Character Set, whose value may be padded and may name several (the first that is not plain
 * ASCII counts). UTF-8 where none is named: it contains ASCII, and writers who forget to name theirs mostly use it.
 */
export function textDecoderOf(characterSet: string): TextDecoder {
  const names = characterSet.split('\\').map((name) => name.replace(/[ \0]+$/, ''));
  const label = names
    .map((name) => labels.get(name) ?? labels.get(name.replace('ISO 2022 IR', 'ISO_IR')))
    .find(Boolean);
  return decoderOf(label ?? 'utf-8');
}

function decoderOf(label: string): TextDecoder {
  const known = decoders.get(label);
  if (known) return known;
  const decoder = new TextDecoder(label);
  decoders.set(label, decoder);
  return decoder;
}
