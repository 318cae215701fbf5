import { describe, expect, it } from 'vitest';
import { commands } from '../../../src/kernel/cli/commands';
import { commandHelp } from '../../../src/kernel/cli/help';

/** The contract of the command line: what scripts and the notebook call. */
const contract: Record<string, string[]> = {
  segment: ['model', 'adapters', 'point', 'box', 'slice', 'out', 'precision', 'json'],
  data: ['layout', 'classes', 'quick', 'json'],
  train: [
    ...['data', 'layout', 'model', 'tune', 'loss', 'epochs', 'batch', 'image-size', 'lr', 'seed'],
    ...['variant', 'depth', 'slices', 'prompt', 'bottleneck', 'decoder-bottleneck', 'scale'],
    ...['schedule', 'warmup', 'clip', 'patience', 'validate-every', 'checkpoint-seconds'],
    ...[
      'rank',
      'alpha',
      'lora-decoder',
      'with-decoder',
      'val-fraction',
      'val-data',
      'device',
      'precision',
      'out',
      'json',
    ],
  ],
  resume: ['json'],
  runs: ['json'],
  evaluate: [
    ...['data', 'layout', 'classes', 'split', 'fold', 'split-seed', 'model', 'adapters', 'prompts', 'csv', 'seed'],
    ...['device', 'precision', 'json'],
  ],
  compare: [
    ...['data', 'out', 'rows', 'seeds', 'epochs', 'minutes', 'val-data', 'val-fraction', 'fold', 'split-seed'],
    ...['model', 'prompts', 'checkpoint', 'slices', 'batch', 'lr', 'loss', 'image-size', 'device', 'json'],
  ],
  export: ['onnx', 'torch', 'out', 'model', 'adapters', 'external-weights', 'json'],
  doctor: ['parity', 'model', 'device', 'precision', 'json'],
  models: ['from', 'sha256', 'name', 'link', 'json'],
  gpu: ['cuda', 'dry-run', 'json'],
  phantoms: ['out', 'kind', 'family', 'count', 'seed', 'json'],
};

describe('the help', () => {
  it('knows every command of the contract', () => {
    expect(commands.map(({ name }) => name)).toEqual(Object.keys(contract));
  });

  it.each(commands)('tells every option of $name, within a terminal of 100 columns', async ({ name, load }) => {
    const { spec } = await load();
    expect(spec.name).toBe(name);
    expect(Object.keys(spec.options)).toEqual(expect.arrayContaining(contract[name]));
    const help = commandHelp(spec);
    for (const option of Object.keys(spec.options)) expect(help).toContain(`--${option}`);
    const told = help.split('\n').slice(0, help.split('\n').length - 1 - spec.notes.length);
    for (const line of told) expect(line.length).toBeLessThanOrEqual(100);
  });
});
