/** Longest message; what is beyond is left out of its middle, for the beginning says what happened and the end what to do. */
const longest = 4000;

/** What no message is meant to hold: a terminal would obey control characters, and others turn the direction of text. */
const unreadable = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu;

/** One line of text, whatever the files that it quotes held. */
function readable(message: string): string {
  const short =
    message.length <= longest ? message : `${message.slice(0, longest / 2)} … ${message.slice(-longest / 2)}`;
  return short.replace(/[\t\r\n]\s*/g, ' ').replace(unreadable, '\ufffd');
}

/** What a user did wrong or what the machine could not do, said in one line: what happened, in which file, what to do. */
export class UserError extends Error {
  override name = 'UserError';
  constructor(
    message: string,
    readonly details: { readonly file?: string; readonly cause?: unknown } = {},
  ) {
    super(readable(message), details.cause === undefined ? undefined : { cause: details.cause });
  }
}

/** A command line or a call that does not fit its description (exit code 2). */
export class UsageError extends UserError {
  override name = 'UsageError';
}

/** The user stopped the work; nothing is wrong. */
export class CancelledError extends Error {
  override name = 'CancelledError';
  constructor(message = 'cancelled') {
    super(message);
  }
}
