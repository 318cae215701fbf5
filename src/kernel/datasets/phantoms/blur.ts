/**
 * Box blur of one plane, in place, separable, with repeated edges: two calls make a triangle, close to a Gaussian
 * of standard deviation ≈ 0.8 · radius. Running sums: the cost does not depend on the radius.
 */
export function boxBlur(plane: Float32Array, width: number, height: number, radius: number): void {
  if (radius < 1) return;
  const scale = 1 / (2 * radius + 1);
  blurRows(plane, width, height, radius, scale);
  blurColumns(plane, width, height, radius, scale);
}

function blurRows(plane: Float32Array, width: number, height: number, radius: number, scale: number): void {
  const line = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    const start = y * width;
    line.set(plane.subarray(start, start + width));
    let sum = line[0] * (radius + 1);
    for (let i = 1; i <= radius; i++) sum += line[Math.min(width - 1, i)];
    for (let x = 0; x < width; x++) {
      plane[start + x] = sum * scale;
      sum += line[Math.min(width - 1, x + radius + 1)] - line[Math.max(0, x - radius)];
    }
  }
}

/** All columns at once, row after row: memory is read in order. */
function blurColumns(plane: Float32Array, width: number, height: number, radius: number, scale: number): void {
  const source = plane.slice();
  const sums = new Float64Array(width);
  for (let i = -radius; i <= radius; i++) {
    const row = Math.min(height - 1, Math.max(0, i)) * width;
    for (let x = 0; x < width; x++) sums[x] += source[row + x];
  }
  for (let y = 0; y < height; y++) {
    const out = y * width;
    const enter = Math.min(height - 1, y + radius + 1) * width;
    const leave = Math.max(0, y - radius) * width;
    for (let x = 0; x < width; x++) {
      plane[out + x] = sums[x] * scale;
      sums[x] += source[enter + x] - source[leave + x];
    }
  }
}
