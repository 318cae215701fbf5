// How a case ended, told between the process that read it and the one that watches.

/** `typed`: an error of the project's own, which speaks; `right`: a result that holds together. */
export type Ending = 'typed' | 'right' | 'wrong';

export interface Verdict {
  readonly reader: string;
  readonly number: number;
  readonly ending: Ending;
  /** What was done to the input. */
  readonly what: string;
  /** The error, or what is wrong. */
  readonly message: string;
  /** Of the processor, all threads: how long it takes on a machine that does nothing else. */
  readonly ms: number;
  /** As the clock has it. */
  readonly wallMs: number;
  /** Most resident memory of the process during the case; 0 where the system does not tell. */
  readonly megabytes: number;
}

export type ToChild =
  | { readonly type: 'run'; readonly reader: string; readonly number: number; readonly seed: number }
  /** Writes the input of a case into `folder`. */
  | {
      readonly type: 'keep';
      readonly reader: string;
      readonly number: number;
      readonly seed: number;
      readonly folder: string;
    };

export type FromChild =
  | { readonly type: 'ready' }
  /** The input is made; from here on the reader's time runs. */
  | { readonly type: 'begun'; readonly what: string }
  | { readonly type: 'verdict'; readonly verdict: Verdict }
  | { readonly type: 'kept' };
