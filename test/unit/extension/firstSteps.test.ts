import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Memento } from 'vscode';
import { FirstSteps } from '../../../src/extension/firstSteps';
import type { KernelClient } from '../../../src/extension/kernelClient';
import { commands, EventEmitter } from './fakeVscode';

vi.mock('vscode', () => import('./fakeVscode'));

describe('the first steps of the walkthrough', () => {
  const kept = new Map<string, unknown>();
  const memory = {
    get: (key: string, otherwise: unknown) => kept.get(key) ?? otherwise,
    update: async (key: string, value: unknown) => void kept.set(key, value),
  } as unknown as Memento;
  const events = new EventEmitter<{ event: object }>();
  const kernel = { on: (_: string, listener: (params: { event: object }) => void) => events.event(listener) };
  const done = () => commands.executeCommand.mock.calls.map(([, key]) => key);

  beforeEach(() => {
    kept.clear();
    commands.executeCommand.mockReset();
  });

  it('are ticked off once each, as they happen', () => {
    const tracking = new FirstSteps(kernel as unknown as KernelClient, memory);
    events.fire({ event: { type: 'viewer/attached', objects: [] } });
    events.fire({ event: { type: 'viewer/change', objects: [{ prompts: [] }] } });
    expect(done()).toEqual(['medSa.did.image']);
    for (let clicks = 0; clicks < 3; clicks++) {
      events.fire({ event: { type: 'viewer/change', objects: [{ prompts: [{ id: 'p' }] }] } });
    }
    events.fire({ event: { type: 'training/summary', summary: { bestDice: null } } });
    expect(done()).toEqual(['medSa.did.image', 'medSa.did.click']);
    events.fire({ event: { type: 'training/summary', summary: { bestDice: 0.8 } } });
    expect(done()).toEqual(['medSa.did.image', 'medSa.did.click', 'medSa.did.run']);
    tracking.did('apply');
    tracking.did('apply');
    expect(done().slice(3)).toEqual(['medSa.did.apply']);
    tracking.dispose();
  });

  it('stay ticked off in the next window', () => {
    kept.set('medSa.firstSteps', ['image']);
    new FirstSteps(kernel as unknown as KernelClient, memory).dispose();
    expect(done()).toEqual(['medSa.did.image']);
  });
});
