/** What a user did wrong or what the machine could not do, said in one line: what happened, in which file, what to do. */
export class UserError extends Error {
  override name = 'UserError';
  constructor(
    message: string,
    readonly details: { readonly file?: string; readonly cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
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
