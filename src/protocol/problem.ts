// What is wrong with a message, in words.
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** "request.prompt.x: Invalid input: expected number, received string". */
export function problemOf({ issues }: { readonly issues: readonly Issue[] }): string {
  const { path, message } = closest(issues);
  return `${path.length > 0 ? `${path.map(String).join('.')}: ` : ''}${message}`.slice(0, 500);
}

/** What came is meant as one shape of several: the one that it fits the farthest. Its path is complete. */
function closest(issues: readonly Issue[], above: PropertyKey[] = []): { path: PropertyKey[]; message: string } {
  const found = issues.flatMap((issue) => {
    const path = [...above, ...issue.path];
    const inner = issue.code === 'invalid_union' ? issue.errors.filter((errors) => errors.length > 0) : [];
    return inner.length === 0 ? [{ path, message: issue.message }] : inner.map((errors) => closest(errors, path));
  });
  return found.reduce((best, one) => (one.path.length > best.path.length ? one : best));
}
