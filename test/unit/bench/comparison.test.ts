import { describe, expect, it } from 'vitest';
import { comparisonRows } from '../../bench/comparison';

const timing = (ms: number, cpuMs: number) => ({ ms, cpuMs });

describe('comparisonRows', () => {
  it('judges wall time and shows processor time beside it', () => {
    const reference = { ...timing(1000, 2000), attention: 'sdpa' as const };
    const rows = comparisonRows('step', 0.5, { ours: timing(450, 900), reference });
    expect(rows).toMatchObject([
      { name: 'step', ours: 450, reference: 1000, ratio: 0.45, goal: 0.5, holds: true, note: 'sdpa' },
      { name: 'step, processor time', ours: 0.9, reference: 2, unit: 's', goal: null },
    ]);
  });

  it('says noisy where wall time and processor time tell different stories', () => {
    const reference = { ...timing(3000, 2000), attention: 'plain' as const };
    const [wall] = comparisonRows('step', 0.5, { ours: timing(1000, 2000), reference });
    expect(wall.note).toBe('plain, noisy');
  });

  it('has no goal to hold without a reference, and says why there is none', () => {
    const [wall, cpu] = comparisonRows('step', 0.5, {
      ours: timing(450, 900),
      reference: null,
      missing: 'no module named torch',
    });
    expect(wall).toMatchObject({ reference: null, goal: null, note: 'no module named torch' });
    expect(cpu).toMatchObject({ ours: 0.9, reference: null });
  });
});
