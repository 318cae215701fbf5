import { commandOf, isTyping, staysInside } from './keyboard';
import type { Command } from './keymap';

export interface KeyHandlers {
  /** Says whether there was something to do. */
  run(command: Command): boolean;
  /** Whether there is more than one slice. */
  slices(): boolean;
  /** The space bar is held over the picture, or let go. */
  space(held: boolean): void;
}

/**
 * Lets keys act while the viewer has the focus. What it has a use for goes no further, so that the notebook does not take
 * it for a command of its own.
 */
export function listenToKeys(root: HTMLElement, handlers: KeyHandlers): void {
  root.addEventListener('keydown', (event) => {
    const onPicture = event.target instanceof HTMLCanvasElement;
    const holds = event.key === ' ' && onPicture;
    if (holds) handlers.space(true);
    const typing = isTyping(event.target);
    const command = typing ? null : commandOf(event, onPicture, handlers.slices());
    const done = command !== null && handlers.run(command);
    if (done || holds) event.preventDefault();
    if (done || typing || staysInside(event)) event.stopPropagation();
  });
  root.addEventListener('keyup', (event) => {
    if (event.key === ' ') handlers.space(false);
  });
  root.addEventListener('focusout', () => handlers.space(false));
}
