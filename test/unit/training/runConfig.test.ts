import { describe, expect, it } from 'vitest';
import { trainOptions } from '../../../src/kernel/training/options';
import { parseRunConfig, splitChoiceOf } from '../../../src/kernel/training/runConfig';

describe('splitChoiceOf', () => {
  it('holds out a share, or a fold, as the seed says or the split has one of its own', () => {
    const choiceOf = (given: Partial<Parameters<typeof trainOptions>[0]>) =>
      splitChoiceOf(trainOptions({ data: '/data', seed: 4, ...given }));
    expect(choiceOf({ valFraction: 0.5 })).toEqual({ fraction: 0.5, seed: 4 });
    expect(choiceOf({ fold: { fold: 1, folds: 5 } })).toEqual({ fold: 1, folds: 5, seed: 4 });
    expect(choiceOf({ splitSeed: 0 })).toEqual({ fraction: 0.2, seed: 0 });
  });
});

describe('parseRunConfig', () => {
  const split = { train: ['a'], validation: ['b'] };
  const config = { version: 1, ...trainOptions({ data: '/data' }), modelHash: 'abc', split };

  it('reads runs from before folds, whose split followed from their seed', () => {
    const { fold: _, splitSeed: __, ...earlier } = config;
    expect(parseRunConfig('/run', earlier)).toMatchObject({ fold: null, splitSeed: null, seed: 0, split });
  });

  it('names the file and the entry that is wrong', () => {
    expect(() => parseRunConfig('/run', { ...config, epochs: 0 })).toThrow(/\/run\/config\.json: epochs: /);
  });
});
