import { describe, expect, it } from 'vitest';
import { forecastLine, learnerLine, learningLine, shortList, thriftText } from '../../../../src/extension/forecastText';
import type { Translate } from '../../../../src/extension/l10n';
import type { ListedModel } from '../../../../src/extension/modelList';
import type { ListedRun } from '../../../../src/extension/runList';
import { adaptersName, statusDetails, statusLine } from '../../../../src/extension/statusText';
import { dataRow } from '../../../../src/extension/views/dataRows';
import { countText, durationText, sizeText } from '../../../../src/extension/views/figures';
import { modelRow, sortModels } from '../../../../src/extension/views/modelRows';
import { runContext, runRow, sortRuns } from '../../../../src/extension/views/runRows';
import type { KernelStatus, RunForecast } from '../../../../src/protocol';

const t: Translate = (message, ...values) =>
  message.replace(/\{(\d+)\}/g, (_, index: string) => String(values[Number(index)]));

const run = (changed: Partial<ListedRun>): ListedRun => ({
  run: '/runs/hearts',
  name: 'hearts',
  status: 'done',
  message: null,
  epochs: 10,
  epoch: 10,
  bestDice: 0.8123,
  best: '/runs/hearts/checkpoints/best.safetensors',
  started: 1,
  seconds: 190,
  device: 'cpu',
  process: null,
  ...changed,
});

describe('a run in the list', () => {
  it('tells its Dice and its time; while it is at work, its epoch too', () => {
    expect(runRow(run({}), t)).toMatchObject({
      label: 'hearts',
      description: expect.stringMatching(/^Dice 0.812 · 3 min · \w+ \d/) as string,
      icon: 'pass',
    });
    const going = run({ status: 'running', epoch: 3, seconds: 42 });
    expect(runRow(going, t)).toMatchObject({
      description: expect.stringMatching(/^epoch 3 of 10 · Dice 0.812 · 42 s/) as string,
      icon: 'loading~spin',
    });
  });

  it('goes by its name without the moment it began, which stands beside', () => {
    const row = runRow(run({ run: '/runs/hearts-20261124-163625', name: 'hearts-20261124-163625' }), t);
    expect(row.label).toBe('hearts');
    expect(row.lines).toContain('/runs/hearts-20261124-163625');
  });

  it('that did not end well says so, and what to do', () => {
    const stale = runRow(run({ status: 'stale', bestDice: null, best: null, message: 'go on with: …' }), t);
    expect(stale.description).toMatch(/^interrupted · epoch/);
    expect(stale.lines).toContain('go on with: …');
  });

  it.each<[ListedRun['status'], string | null, string]>([
    ['running', null, 'run.running'],
    ['running', 'best', 'run.running.adapters'],
    ['done', 'best', 'run.idle.adapters'],
    ['stopped', null, 'run.idle.resumable'],
    ['failed', 'best', 'run.idle.resumable.adapters'],
    ['stale', null, 'run.idle.resumable'],
  ])('%s with adapters %s allows what %s stands for', (status, best, context) => {
    expect(runContext({ status, best })).toBe(context);
  });

  it('comes first while it is at work, then by its beginning', () => {
    const listed = [
      run({ run: 'old', started: 1 }),
      run({ run: 'new', started: 3 }),
      run({ run: 'going', started: 2, status: 'running' }),
    ];
    expect(sortRuns(listed).map((one) => one.run)).toEqual(['going', 'new', 'old']);
  });
});

const model = (changed: Partial<ListedModel>): ListedModel => ({
  name: 'sam_vit_b',
  title: 'SAM ViT-B',
  state: 'absent',
  file: null,
  size: 375_042_383,
  sizeIsExact: true,
  licence: 'Apache-2.0',
  page: 'https://example.org',
  ...changed,
});

describe('a model in the list', () => {
  it('tells whether it is here, and whether it answers', () => {
    expect(modelRow(model({}), false, t)).toMatchObject({
      description: 'SAM ViT-B · 375 MB',
      icon: 'cloud',
      context: 'model.absent',
    });
    expect(modelRow(model({ state: 'here', sizeIsExact: false }), true, t)).toMatchObject({
      description: 'active · SAM ViT-B · ≈ 375 MB',
      icon: 'pass-filled',
      context: 'model.here.active',
    });
  });

  it('that is here comes before those that are not', () => {
    const listed = [model({ name: 'a' }), model({ name: 'b', state: 'here' }), model({ name: 'c', state: 'lost' })];
    expect(sortModels(listed).map(({ name }) => name)).toEqual(['b', 'c', 'a']);
  });
});

describe('a data folder in the list', () => {
  const found = {
    folder: '/data/liver',
    layout: 'nnunet',
    cases: 4,
    pictures: 0,
    groups: 3,
    classes: [{ name: 'liver', cases: 4 }],
    notes: [],
    warnings: ['one group stands in more than one folder'],
  };

  it('tells layout and counts, and lists its classes and what is wrong', () => {
    const row = dataRow({ folder: '/data/liver', added: false, found }, 'liver', t);
    expect(row).toMatchObject({
      label: 'liver',
      description: 'nnunet, 4 volumes of 3 patients',
      icon: 'warning',
      context: 'data.good',
    });
    expect(row.children?.map(({ label }) => label)).toEqual(['liver', found.warnings[0]]);
  });

  it('that cannot be used says why and offers no fine-tune', () => {
    const row = dataRow({ folder: '/data/x', added: true, found: { problem: 'no layout fits' } }, 'x', t);
    expect(row).toMatchObject({ icon: 'error', context: 'data.bad', lines: ['/data/x', 'no layout fits'] });
  });
});

const forecast: RunForecast = {
  data: '/data/liver',
  layout: 'pairs',
  classes: ['liver', 'tumour'],
  cases: { train: 8, validation: 2 },
  examples: { count: 90, exact: false },
  model: 'phantom-sam',
  parameters: 319_248,
  device: 'cpu',
  notes: [],
  memory: { step: 0.8e9, available: 22.1e9, fits: true, instead: null },
  seconds: { step: 2, epoch: 60, validation: 30, preparation: 0 },
};

describe('the line before a run starts', () => {
  it('tells memory, time and device', () => {
    expect(forecastLine(forecast, 10, t)).toBe(
      'about 800 MB of 22.1 GB memory · 2 min per epoch · 15 min in all · on cpu',
    );
    expect(learningLine(forecast, t)).toBe('8 cases (≈ 90 examples), 2 more to validate on · liver, tumour');
    expect(learnerLine(forecast, t)).toBe('319 k parameters, taught to phantom-sam');
  });

  it('does not count what was not measured', () => {
    const volumes = { ...forecast, seconds: { ...forecast.seconds!, validation: null, preparation: 120 } };
    expect(forecastLine(volumes, 10, t)).toContain('12 min in all, without validations');
    const tooLarge = { ...forecast, device: 'cuda', memory: { ...forecast.memory, available: null }, seconds: null };
    expect(forecastLine(tooLarge, 10, t)).toBe('about 800 MB of memory · on cuda');
  });

  it('says how a run takes less', () => {
    expect(thriftText({ recompute: 'blocks', accumulate: 4 }, t)).toMatch(/again.*slower.*4 parts/);
    expect(thriftText({ recompute: 'none', accumulate: 1 }, t)).toBe('');
    expect(shortList(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe('a, b, c, d, e … (7)');
  });
});

describe('figures', () => {
  it('are rounded for people', () => {
    expect([0.4, 59.6, 3599, 3600, 7300].map((seconds) => durationText(seconds, t))).toEqual([
      '0 s',
      '1 min',
      '1 h 0 min',
      '1 h 0 min',
      '2 h 2 min',
    ]);
    expect([10, 2.5e6, 1.25e9].map(sizeText)).toEqual(['1 MB', '3 MB', '1.3 GB']);
    expect([900, 319_248, 3.9e6].map(countText)).toEqual(['900', '319 k', '3.9 M']);
  });
});

describe('the status bar', () => {
  const status: KernelStatus = {
    model: 'phantom-sam',
    adapters: '/runs/hearts/checkpoints/best.safetensors',
    device: 'cpu',
    deviceNotes: ['cuda: the NVIDIA driver is missing'],
    memoryMB: 312.4,
    pid: 7,
  };

  it('names what answers, and says when nothing does', () => {
    expect(statusLine({ kernel: 'on', status }, t)).toBe('$(sparkle) phantom-sam + hearts · cpu');
    expect(statusLine({ kernel: 'off', status: null }, t)).toBe('$(circle-outline) Med-SA');
    expect(statusLine({ kernel: 'silent', status }, t)).toBe('$(warning) Med-SA does not answer');
    expect(adaptersName('/files/liver.safetensors')).toBe('liver');
  });

  it('tells why no faster device answers, and how the kernel is', () => {
    const details = statusDetails({ kernel: 'on', status }, t);
    expect(details.map(({ label, value }) => `${label}: ${value}`)).toEqual([
      'Model: phantom-sam',
      'Adapters: /runs/hearts/checkpoints/best.safetensors',
      'Device: cpu',
      'Kernel: running, process 7, 312 MB',
    ]);
    expect(details[2].below).toEqual(['not cuda: the NVIDIA driver is missing']);
  });
});
