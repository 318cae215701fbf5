/**
 * The name that was probably meant: within a third of its length of edits (insert, drop, change or swap of neighbours),
 * or one that begins with what was given. Null when none is near.
 */
export function nearest(given: string, names: readonly string[]): string | null {
  const asked = given.toLowerCase();
  const scored = names.map((name) => ({ name, edits: editDistance(asked, name.toLowerCase()) }));
  const [best] = scored.sort((a, b) => a.edits - b.edits);
  if (best !== undefined && best.edits <= Math.max(1, Math.floor(best.name.length / 3))) return best.name;
  return (asked.length >= 2 && names.find((name) => name.startsWith(asked))) || null;
}

/** Edits that turn `a` into `b` (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  for (let j = 0; j <= b.length; j++) rows[0][j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const changed = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, changed);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.length][b.length];
}
