/** A note on files that are no cases: "3 images have no mask and are left out: a.png, …". */
export function leftOut(names: readonly string[], one: string, several: string, what = 'image'): string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, 3).join(', ') + (names.length > 3 ? ', …' : '');
  return names.length === 1
    ? [`1 ${what} ${one} and is left out: ${shown}`]
    : [`${names.length} ${what === 'series' ? what : `${what}s`} ${several} and are left out: ${shown}`];
}
