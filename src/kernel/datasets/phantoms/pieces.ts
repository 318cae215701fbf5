/** Pixels of one label side by side in a row: [start, end) as indices of the picture. */
class Run {
  /** The run this one hangs on; itself at a piece's root. */
  parent: Run = this;
  /** Pixels of the piece; right at its root. */
  size: number;

  constructor(
    readonly label: number,
    readonly start: number,
    readonly end: number,
  ) {
    this.size = end - start;
  }
}

/**
 * Where something in front cuts an object in two, only its largest piece (4-connected) stays the object: a click on one
 * piece cannot tell of the other. Changes `labels` (row-major, 0 is background) in place.
 */
export function keepLargestPieces(labels: Uint8Array, width: number, height: number): void {
  const runs: Run[] = [];
  let above = 0;
  for (let y = 0; y < height; y++) {
    const first = runs.length;
    addRuns(labels, y * width, (y + 1) * width, runs);
    joinRows(runs, above, first, width);
    above = first;
  }
  const largest = new Map<number, Run>();
  for (const run of runs) {
    const root = rootOf(run);
    if (root.size > (largest.get(run.label)?.size ?? 0)) largest.set(run.label, root);
  }
  for (const run of runs) if (rootOf(run) !== largest.get(run.label)) labels.fill(0, run.start, run.end);
}

function addRuns(labels: Uint8Array, from: number, to: number, runs: Run[]): void {
  for (let start = from; start < to;) {
    const label = labels[start];
    let end = start + 1;
    while (end < to && labels[end] === label) end++;
    if (label !== 0) runs.push(new Run(label, start, end));
    start = end;
  }
}

/** Joins the runs from `first` on with those of the row above, `above` up to `first`, that touch them. */
function joinRows(runs: Run[], above: number, first: number, width: number): void {
  let upper = above;
  for (let lower = first; lower < runs.length; lower++) {
    const run = runs[lower];
    while (upper < first && runs[upper].end + width <= run.start) upper++;
    for (let i = upper; i < first && runs[i].start + width < run.end; i++) {
      if (runs[i].label === run.label) join(runs[i], run);
    }
  }
}

function join(a: Run, b: Run): void {
  const [keep, hang] = [rootOf(a), rootOf(b)];
  if (keep === hang) return;
  hang.parent = keep;
  keep.size += hang.size;
}

/** The piece's root; the way there is halved for the next time. */
function rootOf(run: Run): Run {
  let at = run;
  while (at.parent !== at) {
    at.parent = at.parent.parent;
    at = at.parent;
  }
  return at;
}
