import type { CommandSpec } from './command';
import type { Option } from './options';

const width = 100;

/** What `med-sa --help` prints. */
export function programHelp(commands: readonly { readonly name: string; readonly summary: string }[]): string {
  const longest = Math.max(...commands.map(({ name }) => name.length));
  return [
    'Med-SA: segment medical images from prompts, and teach the model your own task, on this machine.',
    '',
    'Usage: med-sa COMMAND …',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(longest)}  ${summary}`),
    '',
    'med-sa COMMAND --help tells the options of a command; med-sa --version the version.',
    'Exit code: 0 success, 1 failure, 2 wrong use, 130 stopped by Ctrl-C (143 by SIGTERM).',
    '',
  ].join('\n');
}

/** What `med-sa COMMAND --help` prints. */
export function commandHelp({ name, summary, operands, options, notes }: CommandSpec): string {
  const entries = Object.entries(options);
  const required = entries.filter(([, option]) => option.kind === 'single' && option.required);
  const usage = [
    `med-sa ${name}`,
    ...operands.map((operand) => (operand.optional ? `[${operand.name}]` : operand.name)),
    ...required.map(([key, option]) => `--${key} ${option.placeholder}`),
    ...(required.length < entries.length ? ['[OPTIONS]'] : []),
  ];
  const terms = [
    ...operands.map((operand) => [operand.name, operand.description] as const),
    ...entries.map(([key, option]) => [term(key, option), option.description] as const),
  ];
  return [
    summary,
    '',
    `Usage: ${usage.join(' ')}`,
    '',
    ...terms.flatMap(([head, description]) => definition(head, description)),
    ...(notes.length === 0 ? [] : ['', ...notes]),
    '',
  ].join('\n');
}

const term = (key: string, { kind, placeholder }: Option): string =>
  `--${key}${placeholder === '' ? '' : ` ${placeholder}`}${kind === 'repeated' ? ' …' : ''}`;

const column = 30;

/** A term with its description beside it, or below it where the term is long. */
function definition(head: string, description: string): string[] {
  const lines = wrap(description, width - column);
  const indent = ' '.repeat(column);
  if (head.length > column - 4) return [`  ${head}`, ...lines.map((line) => indent + line)];
  return [`  ${head}`.padEnd(column) + lines[0], ...lines.slice(1).map((line) => indent + line)];
}

function wrap(text: string, columns: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    if (lines[last] !== '' && lines[last].length + 1 + word.length > columns) lines.push(word);
    else lines[last] += lines[last] === '' ? word : ` ${word}`;
  }
  return lines;
}
