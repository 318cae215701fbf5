import type { AnnotationSession } from './session';

/** How soon a view that cannot change a session sees what the other kernel has kept, and that it has ended, ms. */
const everyMs = 2000;

/**
 * Keeps a session that another kernel changes up to date, until that one has ended or nobody looks any more.
 * `looked`: whether anybody does.
 */
export async function followWriter(session: AnnotationSession, looked: () => boolean): Promise<void> {
  while (looked() && session.state.readOnly !== null) {
    await new Promise((resolve) => setTimeout(resolve, everyMs).unref());
    if (looked()) await session.refresh();
  }
}
