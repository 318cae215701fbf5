import * as z from 'zod/mini';

// A panel's policy lets nothing make code of text; to try it would be reported as a breach.
z.config({ jitless: true });

/** A message as far as everybody must know it: what it is and whom it is for. */
export interface Addressed {
  readonly type: string;
  readonly viewId: string;
}

/** Whether a message is meant for views of this kind, as `viewer/`, whatever else it says. */
export function isAddressed(message: unknown, kind: string): message is Addressed {
  if (typeof message !== 'object' || message === null) return false;
  const { type, viewId } = message as Record<string, unknown>;
  return typeof type === 'string' && type.startsWith(kind) && typeof viewId === 'string';
}

/** The message where it fits; else, in `refused`, what to tell the user. */
export function checked<T>(schema: z.ZodMiniType<T>, message: Addressed): { event: T } | { refused: string } {
  const { event, place } = parsed(schema, message);
  if (event !== undefined) return { event };
  const refused = `A message of the kernel was not understood (${message.type.slice(0, 60)}${place ? `, at ${place}` : ''}) and is left out: reload the window if this happens again.`;
  console.warn(refused);
  return { refused };
}

function parsed<T>(schema: z.ZodMiniType<T>, message: unknown): { event?: T; place: string } {
  try {
    const { success, data, error } = schema.safeParse(message);
    return success ? { event: data, place: '' } : { place: error.issues[0].path.join('.') };
  } catch {
    // A million things wrong with it are more than can be listed.
    return { place: '' };
  }
}
