import * as vscode from 'vscode';
import type { KernelNotifications } from '../protocol';
import type { KernelClient } from './kernelClient';

const memoryKey = 'medSa.firstSteps';
type Step = 'image' | 'click' | 'run';
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

/** Ticks off the walkthrough's steps as they happen: context keys `medSa.did.image`, `.click`, `.run`. */
export function trackFirstSteps(kernel: KernelClient, memory: vscode.Memento): vscode.Disposable {
  const done = new Set(memory.get<Step[]>(memoryKey, []));
  const tell = (step: Step) => vscode.commands.executeCommand('setContext', `medSa.did.${step}`, true);
  for (const step of done) void tell(step);
  return kernel.on('viewer/event', ({ event }) => {
    for (const step of stepsOf(event)) {
      if (done.has(step)) continue;
      done.add(step);
      void tell(step);
      void memory.update(memoryKey, [...done]);
    }
  });
}
