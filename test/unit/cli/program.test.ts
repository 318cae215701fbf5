import { describe, expect, it } from 'vitest';
import { version } from '../../../package.json';
import { command, json } from '../../../src/kernel/cli/command';
import { required, text } from '../../../src/kernel/cli/options';
import { runProgram, type CommandEntry } from '../../../src/kernel/cli/program';
import { CancelledError, UserError } from '../../../src/kernel/errors';
import { KeptStreams } from './streams';

const interrupts = { signal: new AbortController().signal, exitCode: 143 };

/** A program of one command, whose work is `work`. */
async function run(args: string[], work: () => Promise<void> = async () => undefined) {
  const spec = { name: 'work', summary: 'Works.', operands: [], options: { on: required(text('X', 'x')), json } };
  const entry: CommandEntry = {
    name: 'work',
    summary: 'Works',
    load: async () =>
      command({ ...spec, notes: [] }, async ({ values, output }) => {
        output.note('working');
        await work();
        output.result({ on: values.on }, [`worked on ${values.on}`]);
        return 0;
      }),
  };
  const streams = new KeptStreams();
  const code = await runProgram(args, [entry], streams, interrupts);
  return { code, out: streams.out, err: streams.err };
}

const failing = (error: unknown) => () => Promise.reject(error);

describe('med-sa', () => {
  it('prints the result for people on standard output, notes on standard error', async () => {
    expect(await run(['work', '--on', 'it'])).toEqual({ code: 0, out: 'worked on it\n', err: 'working\n' });
  });

  it('prints one JSON object on standard output with --json', async () => {
    const { code, out, err } = await run(['work', '--on', 'it', '--json']);
    expect({ code, result: JSON.parse(out), err }).toEqual({ code: 0, result: { on: 'it' }, err: 'working\n' });
  });

  it('helps: the commands, one command, the version', async () => {
    for (const args of [['--help'], ['-h'], ['help']]) {
      const { code, out } = await run(args);
      expect(code).toBe(0);
      expect(out).toContain('work  Works');
    }
    for (const args of [
      ['work', '--help'],
      ['work', '--on', '-h'],
      ['help', 'work'],
    ]) {
      const { code, out } = await run(args);
      expect(code).toBe(0);
      expect(out).toContain('Usage: med-sa work --on X [OPTIONS]');
    }
    expect(await run(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  it('exits 2 on wrong use, with one line that says what would be right', async () => {
    expect(await run([])).toMatchObject({ code: 2, out: '' });
    expect(await run(['wrok'])).toMatchObject({ code: 2, err: expect.stringContaining('did you mean work?') });
    const { code, err } = await run(['work']);
    expect(code).toBe(2);
    expect(err).toBe('--on X is missing (see: med-sa work --help)\n');
  });

  it('exits 1 with one line, and no stack, for what a user can mend', async () => {
    const error = new UserError('scan.png does not exist:\n  check the path', { file: 'scan.png' });
    expect(await run(['work', '--on', 'it'], failing(error))).toEqual({
      code: 1,
      out: '',
      err: 'working\nscan.png does not exist: check the path\n',
    });
    const { code, out } = await run(['work', '--on', 'it', '--json'], failing(error));
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      error: { name: 'UserError', message: 'scan.png does not exist: check the path', file: 'scan.png' },
    });
  });

  it('exits 1 with the stack and a request to report for what nobody expected', async () => {
    const { code, err } = await run(['work', '--on', 'it'], failing(new TypeError('undefined is not a tensor')));
    expect(code).toBe(1);
    expect(err).toContain('TypeError: undefined is not a tensor\n    at ');
    expect(err).toMatch(/please report it/);
  });

  it('exits as the signal says when it was interrupted', async () => {
    expect(await run(['work', '--on', 'it'], failing(new CancelledError()))).toMatchObject({
      code: 143,
      out: '',
      err: 'working\nstopped\n',
    });
  });
});
