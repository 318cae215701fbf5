/**
 * Where something in front cuts an object in two, only its largest piece (4-connected) stays the object: a click on one
 * piece cannot tell of the other. Changes `labels` (row-major, 0 is background) in place.
 */
export function keepLargestPieces(labels: Uint8Array, width: number, height: number): void {
  const pieceOf = new Int32Array(labels.length);
  const pending = new Int32Array(labels.length);
  const sizes: number[] = [0];
  const largest = new Int32Array(256);
  for (let seed = 0; seed < labels.length; seed++) {
    const label = labels[seed];
    if (label === 0 || pieceOf[seed] !== 0) continue;
    const piece = sizes.length;
    let size = 0;
    let top = 0;
    pending[top++] = seed;
    pieceOf[seed] = piece;
    while (top > 0) {
      const i = pending[--top];
      const x = i % width;
      size++;
      if (x > 0) visit(i - 1);
      if (x < width - 1) visit(i + 1);
      if (i >= width) visit(i - width);
      if (i < (height - 1) * width) visit(i + width);
    }
    sizes.push(size);
    if (size > sizes[largest[label]]) largest[label] = piece;

    function visit(i: number): void {
      if (labels[i] !== label || pieceOf[i] !== 0) return;
      pieceOf[i] = piece;
      pending[top++] = i;
    }
  }
  for (let i = 0; i < labels.length; i++) if (pieceOf[i] !== largest[labels[i]]) labels[i] = 0;
}
