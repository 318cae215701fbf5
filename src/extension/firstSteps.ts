import * as vscode from 'vscode';
import type { KernelNotifications } from '../protocol';
import { inspectorMime } from '../protocol/inspector';
import { extensionId, walkthroughId } from './identity';
import type { KernelClient } from './kernelClient';

const memoryKey = 'medSa.firstSteps';
/** The walkthrough's steps, by their ids in the manifest. */
export type Step = 'image' | 'click' | 'fineTune' | 'apply' | 'inspect';
type Event = KernelNotifications['viewer/event']['event'];

/** What a message of the kernel shows that the user has done. */
function stepsOf(event: Event): Step[] {
  switch (event.type) {
    case 'viewer/attached':
      return event.objects.some(({ prompts }) => prompts.length > 0) ? ['image', 'click'] : ['image'];
    case 'viewer/change':
      return event.objects.some(({ prompts }) => prompts.length > 0) ? ['click'] : [];
    case 'training/summary':
      return event.summary.bestDice === null ? [] : ['fineTune'];
    default:
      return [];
  }
}

/**
 * Ticks off the walkthrough's steps as they happen. Context keys `medSa.did.image`, `.click` and so on are the documented
 * way, and VS Code takes them for good only where they become true while it knows the walkthrough: it makes its list of
 * walkthroughs when one is opened, and a key that is true by then counts as seen and ticks nothing. So its own command
 * ticks too, which works before that. Steps are told once a window: one that a user has cleared is ticked when done again.
 */
export class FirstSteps implements vscode.Disposable {
  private readonly done: Set<Step>;
  private readonly told = new Set<Step>();
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    kernel: KernelClient,
    private readonly memory: vscode.Memento,
  ) {
    this.done = new Set(memory.get<Step[]>(memoryKey, []));
    for (const step of this.done) setKey(step);
    this.subscriptions = [
      kernel.on('viewer/event', ({ event }) => stepsOf(event).forEach((step) => this.did(step))),
      // By a command or by a cell's own program.
      kernel.on('status/changed', ({ adapters }) => adapters !== null && this.did('apply')),
      kernel.on('cell/output', ({ output }) => {
        if (output.kind === 'display' && output.items.some(({ mime }) => mime === inspectorMime)) this.did('inspect');
      }),
    ];
  }

  did(step: Step): void {
    if (this.told.has(step)) return;
    this.told.add(step);
    tick(step);
    if (this.done.has(step)) return;
    this.done.add(step);
    setKey(step);
    void this.memory.update(memoryKey, [...this.done]);
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }
}

const setKey = (step: Step): void => void vscode.commands.executeCommand('setContext', `medSa.did.${step}`, true);

/** Remembers the tick, and only then looks the step up: where the walkthrough is not known yet, that is an error. */
const tick = (step: Step): void => {
  const id = `${extensionId}#${walkthroughId}#${step}`;
  void Promise.resolve(vscode.commands.executeCommand('welcome.markStepComplete', id)).catch(() => undefined);
};
