/** Ctrl-C and the system's request to end, as a signal that work can heed. */
export interface Interrupts {
  /** Aborted by the first SIGINT or SIGTERM; a second one ends the process at once. Listens from the first reading on. */
  readonly signal: AbortSignal;
  /** As shells count: 128 + the signal's number; 130 for Ctrl-C, 143 for SIGTERM. */
  readonly exitCode: number;
}

const numbers = { SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Listens for SIGINT and SIGTERM. Commands that never read `signal` keep the system's own behaviour: they end at once.
 * @param onInterrupt told when the first one arrives
 */
export function processInterrupts(onInterrupt: () => void): Interrupts {
  const controller = new AbortController();
  let received: keyof typeof numbers = 'SIGINT';
  let listening = false;
  const listen = (): void => {
    listening = true;
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.once(name, () => {
        if (!controller.signal.aborted) onInterrupt();
        received = name;
        controller.abort();
      });
    }
  };
  return {
    get signal() {
      if (!listening) listen();
      return controller.signal;
    },
    get exitCode() {
      return 128 + numbers[received];
    },
  };
}
