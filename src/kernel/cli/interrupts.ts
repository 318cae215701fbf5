/** Ctrl-C and the system's request to end, as a signal that work can heed. */
export interface Interrupts {
  /** Aborted by the first SIGINT or SIGTERM; a second one ends the process at once. Listens from the first reading on. */
  readonly signal: AbortSignal;
  /** As shells count: 128 + the signal's number; 130 for Ctrl-C, 143 for SIGTERM. */
  readonly exitCode: number;
}

const numbers = { SIGINT: 2, SIGTERM: 15 } as const;
type Name = keyof typeof numbers;
const names = Object.keys(numbers) as Name[];

/**
 * Listens for SIGINT and SIGTERM. Commands that never read `signal` keep the system's own behaviour: they end at once.
 * @param onInterrupt told when the first one arrives
 */
export function processInterrupts(onInterrupt: () => void): Interrupts {
  const controller = new AbortController();
  let received: Name = 'SIGINT';
  let listening = false;
  const heed = (name: Name): void => {
    // Whatever comes next meets the system's own behaviour.
    for (const each of names) process.off(each, heed);
    received = name;
    onInterrupt();
    controller.abort();
  };
  return {
    get signal() {
      if (!listening) for (const name of names) process.on(name, heed);
      listening = true;
      return controller.signal;
    },
    get exitCode() {
      return 128 + numbers[received];
    },
  };
}
