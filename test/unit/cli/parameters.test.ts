import { describe, expect, it } from 'vitest';
import { modelReport } from '../../../src/kernel/cli/doctor/model';
import { parameterCounts, type ParameterCounts } from '../../../src/kernel/cli/doctor/parameters';
import { samConfigs } from '../../../src/kernel/sam/config';

const trains = (counts: ParameterCounts, options: string) => counts.trainable.find((row) => row.options === options)!;

describe('the published sizes', () => {
  // What PyTorch counts of the published checkpoints.
  it.each([
    ['vit_b', 93_735_472],
    ['vit_l', 312_342_832],
    ['vit_h', 641_090_608],
  ] as const)('%s has %i parameters', (name, parameters) => {
    expect(parameterCounts(samConfigs[name]).parameters).toBe(parameters);
  });

  it('ViT-H trains 13.2 M adapters in an encoder of 637 M, and those of its decoder: 2 %', () => {
    const counts = parameterCounts(samConfigs.vit_h);
    const { kinds, parameters, share } = trains(counts, '--tune adapters');
    const each = 32 * (2 * 1280 * 80 + 80 + 1280);
    expect(kinds).toMatchObject({ 'encoder space': each, 'encoder mlp': each });
    expect((2 * each) / 1e6).toBeCloseTo(13.2, 1);
    expect(counts.parts['image encoder'] / 1e6).toBeCloseTo(637.0, 1);
    // 2 layers × [down, up, reduce, 3 × (32 → 32·32), 3 norms] and 2 × 2 bottlenecks of 256 and 32
    const bottleneck = 2 * 256 * 32 + 32 + 256;
    const prompt = 2 * (bottleneck + (256 * 32 + 32) + 3 * (33 * 1024) + 3 * 64);
    expect(kinds).toMatchObject({
      'decoder prompt': prompt,
      'decoder mlp': 2 * bottleneck,
      'decoder image': 2 * bottleneck,
    });
    expect(parameters).toBe(2 * each + prompt + 4 * bottleneck);
    expect(share).toBeGreaterThan(0.02);
    expect(share).toBeLessThan(0.022);
  });

  it('every way of training is counted, from all parameters to none', () => {
    const counts = parameterCounts(samConfigs.vit_b);
    expect(trains(counts, '--tune full').parameters).toBe(counts.parameters);
    expect(trains(counts, '--tune none').parameters).toBe(0);
    expect(trains(counts, '--tune decoder').parameters).toBe(counts.parts['mask decoder']);
    expect(trains(counts, '--tune lora --rank 8').kinds).toEqual({ 'encoder attention': 12 * 8 * 6 * 768 });
    expect(trains(counts, '--tune adapters --variant released').kinds['encoder space']).toBe(
      12 * (2 * 768 * 192 + 192 + 768),
    );
    const plain = trains(counts, '--tune adapters').kinds;
    const deep = trains(counts, '--tune adapters --depth sd-trans').kinds;
    expect(deep).toEqual({ ...plain, 'encoder depth': plain['encoder space'] });
    for (const row of counts.trainable) {
      expect(Object.values(row.kinds).reduce((sum, count) => sum + count, 0)).toBe(row.parameters);
    }
  });
});

describe('the report', () => {
  it('of a published size needs no file', async () => {
    const { result, lines } = await modelReport('vit_h');
    expect(result).toMatchObject({ model: 'vit_h', file: null, imageSize: 1024, parameters: 641_090_608 });
    expect(lines[0]).toMatch(/^model vit_h: 1024 px, 641\.09 M parameters \(image encoder 637\.03 M/);
    expect(lines.find((line) => line.startsWith('--tune adapters '))).toMatch(
      /13\.51 M\s+2\.11 %\s+encoder space 6\.60 M/,
    );
  });

  it('of a name that is neither says what there is', async () => {
    await expect(modelReport('vit_x')).rejects.toThrow(/unknown model vit_x: known are phantom-sam/);
  });
});
