import { parseArgs } from 'node:util';
import { UsageError } from '../errors';
import type { CommandSpec } from './command';
import { nearest } from './nearest';
import { OptionError, type OptionTable, type Values } from './options';

export interface Parsed<Table extends OptionTable> {
  readonly values: Values<Table>;
  /** As many as the command has operands, less the optional ones that are not given. */
  readonly operands: readonly string[];
}

/** Reads what follows the command's name. @throws UsageError saying which word does not fit, and what would. */
export function parseCommandLine<Table extends OptionTable>(
  spec: CommandSpec<Table>,
  args: readonly string[],
): Parsed<Table> {
  const flags = Object.entries(spec.options).map(([name, { kind }]) => [
    name,
    { type: kind === 'flag' ? ('boolean' as const) : ('string' as const), multiple: kind === 'repeated' },
  ]);
  // Not strict: Node's own messages neither name the nearest option nor let a value be a negative number.
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(flags) as Record<string, { type: 'boolean' | 'string'; multiple: boolean }>,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, unknown[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const earlier = given.get(token.name) ?? [];
    const value = valueOf(spec, token.name, token.rawName, token.value, token.inlineValue ?? false);
    if (earlier.length > 0 && spec.options[token.name].kind === 'single') {
      throw usage(spec, `--${token.name} is given twice: give it once`);
    }
    given.set(token.name, [...earlier, value]);
  }
  checkOperands(spec, operands);
  const values = Object.entries(spec.options).map(([name, option]) => {
    const found = given.get(name);
    if (option.kind === 'flag') return [name, found !== undefined];
    if (option.kind === 'repeated') return [name, found ?? []];
    if (found === undefined && option.required) throw usage(spec, `--${name} ${option.placeholder} is missing`);
    return [name, found?.[0]];
  });
  return { values: Object.fromEntries(values) as Values<Table>, operands };
}

function valueOf(
  spec: CommandSpec,
  name: string,
  rawName: string,
  value: string | undefined,
  inline: boolean,
): unknown {
  if (!Object.hasOwn(spec.options, name) || !rawName.startsWith('--')) {
    const close = nearest(name, Object.keys(spec.options));
    throw usage(spec, `there is no option ${rawName}${close === null ? '' : `: did you mean --${close}?`}`);
  }
  const option = spec.options[name];
  if (option.kind === 'flag') {
    if (value !== undefined) throw usage(spec, `--${name} takes no value: leave "${value}" out`);
    return true;
  }
  // A negative number is a value; anything else that begins with a dash is the next option.
  if (value === undefined || (!inline && /^-(?![\d.])/.test(value))) {
    throw usage(spec, `--${name} needs a value: --${name} ${option.placeholder}`);
  }
  try {
    return option.parse(value);
  } catch (error) {
    if (error instanceof OptionError) throw usage(spec, `--${name} ${error.message}`);
    throw error;
  }
}

function checkOperands(spec: CommandSpec, operands: readonly string[]): void {
  const missing = spec.operands[operands.length];
  if (missing !== undefined && !missing.optional)
    throw usage(spec, `${missing.name} is missing: name ${missing.description}`);
  const extra = operands[spec.operands.length];
  if (extra !== undefined) throw usage(spec, `"${extra}" is one word too many: options begin with --`);
}

const usage = ({ name }: CommandSpec, message: string): UsageError =>
  new UsageError(`${message} (see: med-sa ${name} --help)`);
