import { describe, expect, it } from 'vitest';
import { onlyOn, openPlaced } from '../../../src/kernel/runtime/placement';

/** Options as a session got them: whether the CPU was kept out. */
const strict = (options: object): boolean => JSON.stringify(options).includes('disable_cpu_ep_fallback');
const options = { executionProviders: ['webgpu'], extra: { session: { intra_op: { allow_spinning: '0' } } } };
const refusal =
  'This session contains graph nodes that are assigned to the default CPU EP, but fallback to CPU EP has been explicitly disabled by the user.';

describe('the placement of a program', () => {
  const run = async (device: 'cpu' | 'webgpu', failures: (string | null)[]) => {
    const opened: boolean[] = [];
    const told: string[] = [];
    const open = async (given: object): Promise<string> => {
      opened.push(strict(given));
      const failure = failures.shift();
      if (failure) throw new Error(failure);
      return 'session';
    };
    const result = await openPlaced('decoder', device, options, open, (line) => told.push(line)).catch(String);
    return { result, opened, told };
  };

  it('is the device alone, without a word', async () => {
    expect(await run('webgpu', [])).toEqual({ result: 'session', opened: [true], told: [] });
    expect(await run('cpu', [])).toEqual({ result: 'session', opened: [false], told: [] });
  });

  it('is told of where a node has to run on the CPU', async () => {
    const { result, opened, told } = await run('webgpu', [refusal]);
    expect([result, opened]).toEqual(['session', [true, false]]);
    expect(told).toEqual([expect.stringMatching(/"decoder" runs on the CPU: the device "webgpu"/)]);
  });

  it('hides no other failure', async () => {
    expect(await run('webgpu', ['out of memory'])).toMatchObject({ result: 'Error: out of memory', told: [] });
    expect(await run('webgpu', [refusal, 'out of memory'])).toMatchObject({ result: 'Error: out of memory', told: [] });
  });

  it('keeps the other options', () => {
    expect(onlyOn(options)).toMatchObject(options);
  });
});
