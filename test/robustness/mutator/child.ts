// A process that reads damaged inputs, one at a time, as it is told to; its parent watches its time and its memory.
import fs from 'node:fs';
import path from 'node:path';
import { CancelledError, UserError } from '../../../src/kernel/errors';
import { readers } from './index';
import { randomOf, WrongResult, type CaseMaker } from './reader';
import type { Ending, FromChild, ToChild, Verdict } from './verdict';

const [root] = process.argv.slice(2);
const makers = new Map<string, Promise<CaseMaker>>();
const say = (message: FromChild): void => void process.send?.(message);

/** What goes wrong outside of what a reader is waited for: nobody would be told. */
const astray: unknown[] = [];
process.on('uncaughtException', (error) => astray.push(error));
process.on('unhandledRejection', (error) => astray.push(error));

function makerOf(name: string): Promise<CaseMaker> {
  let maker = makers.get(name);
  if (maker === undefined) {
    const reader = readers.find((one) => one.name === name);
    if (reader === undefined) throw new Error(`no reader is called ${name}`);
    const common = path.join(root, 'common', name.replace(/\W+/g, '-'));
    fs.mkdirSync(common, { recursive: true });
    makers.set(name, (maker = reader.open(common)));
  }
  return maker;
}

/** Every file below a folder but those of its part `target`. */
const outside = (folder: string): string[] =>
  fs
    .readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => !/^target(\/|$)/.test(name));

async function run({ reader, number, seed }: ToChild): Promise<void> {
  const place = path.join(root, 'case');
  const target = path.join(place, 'target');
  fs.rmSync(place, { recursive: true, force: true });
  fs.mkdirSync(target, { recursive: true });
  const damaged = await (await makerOf(reader))(randomOf(seed, reader, number), target);
  forgetPeak();
  say({ type: 'begun', what: damaged.what });
  const [begin, used] = [performance.now(), process.cpuUsage()];
  let [ending, message]: [Ending, string] = ['right', ''];
  try {
    await damaged.run();
  } catch (error) {
    [ending, message] = judged(error);
  }
  const wallMs = performance.now() - begin;
  const { user, system } = process.cpuUsage(used);
  const ms = Math.min(wallMs, (user + system) / 1000);
  const megabytes = peakMegabytes();
  // What was left over by a promise that nobody waits for comes now.
  await new Promise((resolve) => setImmediate(resolve));
  if (astray.length > 0) [ending, message] = ['wrong', `astray: ${told(astray.splice(0)[0])}`];
  const strays = [...outside(place), ...fs.readdirSync(path.join(root, 'tmp'))];
  if (strays.length > 0) [ending, message] = ['wrong', `left behind or written elsewhere: ${strays.join(', ')}`];
  const verdict: Verdict = { reader, number, ending, what: damaged.what, message, ms, wallMs, megabytes };
  say({ type: 'verdict', verdict });
}

/** The project's own errors, in one line without control characters; anything else is a fault of the reader. */
function judged(error: unknown): [Ending, string] {
  const own = error instanceof UserError || error instanceof CancelledError;
  if (!own || error instanceof WrongResult) return ['wrong', told(error)];

  if (/[\u0000-\u001f\u007f-\u009f]/.test(error.message))
    return ['wrong', `not one line of text: ${JSON.stringify(error.message)}`];
  if (error.message.length > 5000)
    return ['wrong', `a message of ${error.message.length} characters: ${error.message.slice(0, 200)}`];
  return ['typed', error.message];
}

const told = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Linux counts the most memory that a process has had, and forgets it when told to. */
function forgetPeak(): void {
  try {
    fs.writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Elsewhere the parent's samples are all there is.
  }
}

function peakMegabytes(): number {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1];
    return Number(kilobytes ?? 0) / 1024;
  } catch {
    return 0;
  }
}

process.on('message', (message: ToChild) => {
  void (async () => {
    if (message.type === 'run') return run(message);
    const folder = path.join(root, 'again');
    fs.mkdirSync(folder, { recursive: true });
    const damaged = await (
      await makerOf(message.reader)
    )(randomOf(message.seed, message.reader, message.number), folder);
    fs.mkdirSync(message.folder, { recursive: true });
    damaged.keep(message.folder);
    fs.rmSync(folder, { recursive: true, force: true });
    say({ type: 'kept' });
  })();
});
process.on('disconnect', () => process.exit(0));
say({ type: 'ready' });
