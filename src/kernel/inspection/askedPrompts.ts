import type { PromptSlot } from '../../protocol/inspector';
import { UserError } from '../errors';
import type { FrozenComparison } from './frozenComparison';
import type { PromptInspection } from './promptInspection';

interface Asked {
  readonly prompt: PromptInspection;
  frozen: FrozenComparison | null;
}

/** What one view asked the decoder: the newest prompt of each slot, and the frozen SAM beside it. */
export class AskedPrompts {
  private readonly slots = new Map<PromptSlot, Asked>();

  /** All of them, slot 0 first. */
  get all(): PromptInspection[] {
    return [...this.slots].sort(([a], [b]) => a - b).map(([, { prompt }]) => prompt);
  }

  /** Both slots' prompts, where both were asked. */
  get pair(): readonly [PromptInspection, PromptInspection] | null {
    const [first, second] = [this.slots.get(0), this.slots.get(1)];
    return first === undefined || second === undefined ? null : [first.prompt, second.prompt];
  }

  keep(slot: PromptSlot, prompt: PromptInspection): void {
    this.slots.set(slot, { prompt, frozen: null });
  }

  keepFrozen(slot: PromptSlot, prompt: PromptInspection, frozen: FrozenComparison): void {
    const asked = this.slots.get(slot);
    // A prompt that came meanwhile is another one.
    if (asked?.prompt === prompt) asked.frozen = frozen;
  }

  /** @throws UserError where nothing was asked in this slot */
  prompt(slot: PromptSlot): PromptInspection {
    const asked = this.slots.get(slot);
    if (asked === undefined) throw new UserError('there is no prompt to look at: give a point or a box first');
    return asked.prompt;
  }

  /** @throws UserError where the frozen SAM was not asked for this prompt */
  frozen(slot: PromptSlot): FrozenComparison {
    const frozen = this.slots.get(slot)?.frozen ?? null;
    if (frozen === null) throw new UserError('the frozen SAM was not asked yet: compare with it first');
    return frozen;
  }
}
