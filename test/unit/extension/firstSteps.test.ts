import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Memento } from 'vscode';
import { FirstSteps, type Step } from '../../../src/extension/firstSteps';
import type { KernelClient } from '../../../src/extension/kernelClient';
import { inspectorMime } from '../../../src/protocol/inspector';
import { projectRoot } from '../../support/projectRoot';
import { commands, EventEmitter } from './fakeVscode';

vi.mock('vscode', () => import('./fakeVscode'));

describe('the first steps of the walkthrough', () => {
  const kept = new Map<string, unknown>();
  const memory = {
    get: (key: string, otherwise: unknown) => kept.get(key) ?? otherwise,
    update: async (key: string, value: unknown) => void kept.set(key, value),
  } as unknown as Memento;
  const told = {
    'viewer/event': new EventEmitter<object>(),
    'status/changed': new EventEmitter<object>(),
    'cell/output': new EventEmitter<object>(),
  };
  const kernel = {
    on: (method: keyof typeof told, listener: (params: object) => void) => told[method].event(listener),
  } as unknown as KernelClient;
  const view = (event: object) => told['viewer/event'].fire({ event });
  const calls = (command: string) =>
    commands.executeCommand.mock.calls.filter(([name]) => name === command).map(([, given]) => given);
  const keys = () => calls('setContext');
  const ticks = () => calls('welcome.markStepComplete');
  const tickOf = (step: string) => `med-sa.med-sa-notebook#medSa.start#${step}`;
  let steps: FirstSteps;

  beforeEach(() => {
    kept.clear();
    commands.executeCommand.mockReset();
    steps = new FirstSteps(kernel, memory);
  });
  afterEach(() => steps.dispose());

  it('are ticked off once each, as they happen', () => {
    view({ type: 'viewer/attached', objects: [] });
    view({ type: 'viewer/change', objects: [{ prompts: [] }] });
    expect(keys()).toEqual(['medSa.did.image']);
    for (let clicks = 0; clicks < 3; clicks++) view({ type: 'viewer/change', objects: [{ prompts: [{ id: 'p' }] }] });
    view({ type: 'training/summary', summary: { bestDice: null } });
    expect(keys()).toEqual(['medSa.did.image', 'medSa.did.click']);
    view({ type: 'training/summary', summary: { bestDice: 0.8 } });
    told['status/changed'].fire({ adapters: null });
    told['cell/output'].fire({ output: { kind: 'display', items: [{ mime: 'image/png' }] } });
    expect(keys()).toEqual(['medSa.did.image', 'medSa.did.click', 'medSa.did.fineTune']);
    steps.did('apply');
    told['status/changed'].fire({ adapters: '/runs/heart/checkpoints/best.safetensors' });
    told['cell/output'].fire({ output: { kind: 'display', items: [{ mime: inspectorMime }] } });
    expect(keys().slice(3)).toEqual(['medSa.did.apply', 'medSa.did.inspect']);
    expect(ticks()).toEqual(['image', 'click', 'fineTune', 'apply', 'inspect'].map(tickOf));
  });

  it('stay ticked off in the next window, where what was cleared is ticked when it is done again', () => {
    view({ type: 'viewer/attached', objects: [] });
    steps.dispose();
    commands.executeCommand.mockReset();
    steps = new FirstSteps(kernel, memory);
    expect(keys()).toEqual(['medSa.did.image']);
    expect(ticks()).toEqual([]);
    view({ type: 'viewer/attached', objects: [] });
    expect(keys()).toEqual(['medSa.did.image']);
    expect(ticks()).toEqual([tickOf('image')]);
  });

  it('are those of the manifest', () => {
    const manifest = JSON.parse(fs.readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
      contributes: { walkthroughs: { id: string; steps: { id: string; completionEvents: string[] }[] }[] };
    };
    const [walkthrough] = manifest.contributes.walkthroughs;
    expect(walkthrough.id).toBe('medSa.start');
    const all: Step[] = ['image', 'click', 'fineTune', 'apply', 'inspect'];
    expect(walkthrough.steps.map(({ id }) => id)).toEqual(all);
    for (const { id, completionEvents } of walkthrough.steps)
      expect(completionEvents).toEqual([`onContext:medSa.did.${id}`]);
  });
});
