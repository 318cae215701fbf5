import { describe, expect, it } from 'vitest';
import { KeptHistory } from '../../../src/kernel/annotation/keptHistory';

describe('kept history', () => {
  const told: string[] = [];
  const session = (name: string) => ({ forget: async (weight: number) => void told.push(`${name} ${weight}`) });

  it('lets those go that were worked on longest ago, and half of one that is too much alone', () => {
    const history = new KeptHistory(10);
    const [a, b, c] = ['a', 'b', 'c'].map(session);
    history.keep(a, 5);
    history.keep(b, 5);
    history.keep(a, 5);
    expect(told).toEqual([]);
    history.keep(c, 1);
    expect(told.splice(0)).toEqual(['b 0']);
    history.keep(c, 11);
    expect(told.splice(0)).toEqual(['a 0', 'c 5']);
    history.keep(c, 5);
    history.keep(b, 5);
    expect(told).toEqual([]);
  });
});
