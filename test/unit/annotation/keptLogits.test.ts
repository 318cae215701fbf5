import { describe, expect, it } from 'vitest';
import { KeptLogits, type Refinable } from '../../../src/kernel/annotation/keptLogits';

const answer = (floats: number): Refinable[] => [{ lowRes: { data: new Float32Array(floats), side: 1 } }];
const held = (answers: readonly Refinable[][]): boolean[] => answers.map(([{ lowRes }]) => lowRes !== null);

describe('kept logits', () => {
  it('forget the oldest answers beyond their limit, whosever they are', () => {
    const kept = new KeptLogits(4 * 30);
    const answers = [answer(10), answer(10), answer(10), answer(10)];
    answers.forEach((one) => kept.keep(one));
    expect(held(answers)).toEqual([false, true, true, true]);
    kept.forget(answers[2]);
    const more = [answer(10), answer(20)];
    more.forEach((one) => kept.keep(one));
    expect(held([...answers, ...more])).toEqual([false, false, false, false, true, true]);
  });

  it('never forget the newest', () => {
    const kept = new KeptLogits(4);
    const answers = [answer(1), answer(10)];
    answers.forEach((one) => kept.keep(one));
    expect(held(answers)).toEqual([false, true]);
  });
});
