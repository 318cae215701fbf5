import { version } from '../../../package.json';
import { CancelledError, UsageError, UserError } from '../errors';
import { exitCodes, type Command, type Surroundings } from './command';
import { commandHelp, programHelp } from './help';
import type { Interrupts } from './interrupts';
import { nearest } from './nearest';
import { Output, type Streams } from './output';

/** A command as the program lists it; its code is loaded when it is called. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Runs `med-sa` with the words after its name. Resolves with the exit code; never rejects. */
export async function runProgram(
  args: readonly string[],
  commands: readonly CommandEntry[],
  streams: Streams,
  interrupts: Interrupts,
): Promise<number> {
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  const output = new Output(streams, own.includes('--json'));
  try {
    return await dispatch(args, commands, streams, { output, interrupts });
  } catch (error) {
    return tell(error, output, interrupts);
  }
}

async function dispatch(
  [name, ...rest]: readonly string[],
  commands: readonly CommandEntry[],
  streams: Streams,
  surroundings: Surroundings,
): Promise<number> {
  const asksForHelp = (word: string | undefined): boolean => word === '--help' || word === '-h';
  if (name === undefined) {
    streams.stderr.write(programHelp(commands));
    return exitCodes.usage;
  }
  if (asksForHelp(name) || (name === 'help' && rest.length === 0)) {
    streams.stdout.write(programHelp(commands));
    return exitCodes.success;
  }
  if (name === '--version') {
    streams.stdout.write(`${version}\n`);
    return exitCodes.success;
  }
  const [wanted, help] = name === 'help' ? [rest[0], true] : [name, rest.some(asksForHelp)];
  const entry = commands.find((known) => known.name === wanted);
  if (entry === undefined) throw unknownCommand(wanted, commands);
  const { spec, execute } = await entry.load();
  if (help) {
    streams.stdout.write(commandHelp(spec));
    return exitCodes.success;
  }
  return execute(rest, surroundings);
}

function unknownCommand(name: string, commands: readonly CommandEntry[]): UsageError {
  const names = commands.map((known) => known.name);
  const close = nearest(name, names);
  const hint = close === null ? `there are ${names.join(', ')}` : `did you mean ${close}?`;
  return new UsageError(`there is no command ${name}: ${hint} (see: med-sa --help)`);
}

/** Says what went wrong, in one line where the user can do something about it. */
function tell(error: unknown, output: Output, interrupts: Interrupts): number {
  if (error instanceof CancelledError) {
    output.failure({ name: error.name, message: 'stopped' }, 'stopped');
    return interrupts.exitCode;
  }
  if (error instanceof UserError) {
    const message = error.message.replace(/\s*\n\s*/g, ' ');
    const { file } = error.details;
    output.failure({ name: error.name, message, ...(file === undefined ? {} : { file }) }, message);
    return error instanceof UsageError ? exitCodes.usage : exitCodes.failure;
  }
  const { name, message, stack } =
    error instanceof Error ? error : { name: 'Error', message: String(error), stack: undefined };
  output.failure(
    { name, message },
    `${stack ?? message}\nThis is a fault of Med-SA ${version}: please report it with the lines above.`,
  );
  return exitCodes.failure;
}
