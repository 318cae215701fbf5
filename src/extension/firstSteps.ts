import * as vscode from 'vscode';
import type { KernelNotifications } from '../protocol';
import type { KernelClient } from './kernelClient';

const memoryKey = 'medSa.firstSteps';
export type Step = 'image' | 'click' | 'run' | 'apply' | 'inspect';
type Event = KernelNotifications['viewer/event']['event'];

/** What a message of the kernel shows that the user has done. */
function stepsOf(event: Event): Step[] {
  switch (event.type) {
    case 'viewer/attached':
      return event.objects.some(({ prompts }) => prompts.length > 0) ? ['image', 'click'] : ['image'];
    case 'viewer/change':
      return event.objects.some(({ prompts }) => prompts.length > 0) ? ['click'] : [];
    case 'training/summary':
      return event.summary.bestDice === null ? [] : ['run'];
    default:
      return [];
  }
}

/** Ticks off the walkthrough's steps as they happen, once and for good: context keys `medSa.did.image`, `.click` and so on. */
export class FirstSteps implements vscode.Disposable {
  private readonly done: Set<Step>;
  private readonly subscription: vscode.Disposable;

  constructor(
    kernel: KernelClient,
    private readonly memory: vscode.Memento,
  ) {
    this.done = new Set(memory.get<Step[]>(memoryKey, []));
    for (const step of this.done) tell(step);
    this.subscription = kernel.on('viewer/event', ({ event }) => stepsOf(event).forEach((step) => this.did(step)));
  }

  did(step: Step): void {
    if (this.done.has(step)) return;
    this.done.add(step);
    tell(step);
    void this.memory.update(memoryKey, [...this.done]);
  }

  dispose(): void {
    this.subscription.dispose();
  }
}

const tell = (step: Step): void => void vscode.commands.executeCommand('setContext', `medSa.did.${step}`, true);
