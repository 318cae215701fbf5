import { describe, expect, it, vi } from 'vitest';
import { createLocalExecutor } from '../../../src/kernel/runtime/localExecutor';
import { createProgramCache } from '../../../src/kernel/runtime/programCache';
import { addProgram } from './onnxModels';

async function open(limit: number) {
  const executor = await createLocalExecutor({ device: 'cpu', threads: 1 });
  const released: string[] = [];
  const release = executor.release.bind(executor);
  executor.release = (loaded) => {
    released.push(loaded.program.name);
    return release(loaded);
  };
  return { cache: createProgramCache(executor, limit), released };
}

const named = (name: string) => vi.fn(() => ({ ...addProgram(), name }));

describe('program cache', () => {
  it('builds a program once, for concurrent calls too', async () => {
    const { cache } = await open(2);
    const build = named('a');
    const [first, second] = await Promise.all([cache.get('a', build), cache.get('a', build)]);
    expect(await cache.get('a', build)).toBe(first);
    expect(second).toBe(first);
    expect(build).toHaveBeenCalledOnce();
  });

  it('releases the least recently used program', async () => {
    const { cache, released } = await open(2);
    const [a, b, c] = ['a', 'b', 'c'].map(named);
    await cache.get('a', a);
    await cache.get('b', b);
    await cache.get('a', a);
    await cache.get('c', c);
    expect(released).toEqual(['b']);
    await cache.get('b', b);
    expect(released).toEqual(['b', 'a']);
    expect(b).toHaveBeenCalledTimes(2);
    await cache.clear();
    expect(released.slice(2).sort()).toEqual(['b', 'c']);
  });

  it('has released the old program before it loads the new one', async () => {
    const { cache, released } = await open(1);
    await cache.get('a', named('a'));
    const build = vi.fn(() => {
      expect(released).toEqual(['a']);
      return addProgram();
    });
    await cache.get('b', build);
    expect(build).toHaveBeenCalledOnce();
  });

  it('tries a failed build again', async () => {
    const { cache } = await open(1);
    const build = vi.fn(() => addProgram());
    build.mockImplementationOnce(() => {
      throw new Error('no weights');
    });
    await expect(cache.get('a', build)).rejects.toThrow('no weights');
    expect((await cache.get('a', build)).program.name).toBe('add');
  });

  it('refuses a limit that holds nothing', async () => {
    await expect(open(0)).rejects.toThrow(RangeError);
  });
});
