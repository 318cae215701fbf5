// SAM's image encoder once more, from the paper's description, in float64 and by its definition: a token is an array of
// numbers, attention is a loop over pairs of positions. It shares nothing with the product but the names of the tensors.
import type { TensorData } from '../../../src/kernel/graph';
import type { SamConfig } from '../../../src/kernel/sam/config';
import { erf64 } from '../../support/float64';

export type Token = readonly number[];
/** [row][column] */
export type Grid = readonly (readonly Token[])[];

export const range = (n: number): number[] => [...Array(n).keys()];
export const gelu = (x: number): number => (x * (1 + erf64(x / Math.SQRT2))) / 2;
export const sum = (a: Token, b: Token): number[] => a.map((value, i) => value + b[i]);
export const dot = (a: Token, b: Token): number => a.reduce((total, value, i) => total + value * b[i], 0);
export const map = (grid: Grid, f: (token: Token, y: number, x: number) => Token): Grid =>
  grid.map((row, y) => row.map((token, x) => f(token, y, x)));

/** The value at a fractional position of a line of `length`, linear between the centres of two entries. */
function interpolate(length: number, at: number, value: (entry: number) => Token): Token {
  const position = Math.min(Math.max(at, 0), length - 1);
  const low = Math.floor(position);
  const high = Math.min(low + 1, length - 1);
  return value(low).map((entry, i) => entry + (position - low) * (value(high)[i] - entry));
}

export class ReferenceEncoder {
  constructor(
    private readonly tensors: ReadonlyMap<string, TensorData>,
    protected readonly config: SamConfig,
  ) {}

  /** image: [3, S, S] → embedding [C, S/patch, S/patch] */
  encode(image: ArrayLike<number>): number[] {
    const { imageSize, patchSize, depth, globalAttention, windowSize } = this.config;
    const side = imageSize / patchSize;
    let x: Grid = range(side).map((row) => range(side).map((column) => this.patch(image, row, column, side)));
    for (let index = 0; index < depth; index++) {
      const block = `blocks.${index}`;
      const n = map(x, (token) => this.norm(`${block}.norm1`, token));
      const attended = globalAttention.includes(index)
        ? this.attention(`${block}.attn`, n)
        : this.windowed(`${block}.attn`, n, windowSize);
      const y = map(x, (token, row, column) => sum(token, attended[row][column]));
      x = map(y, (token) => {
        const hidden = this.linear(`${block}.mlp.lin1`, this.norm(`${block}.norm2`, token)).map(gelu);
        return sum(token, this.linear(`${block}.mlp.lin2`, hidden));
      });
    }
    const neck = this.neck(x);
    return range(this.config.outChannels).flatMap((channel) => neck.flat().map((token) => token[channel]));
  }

  private tensor(name: string): TensorData {
    return this.tensors.get(`image_encoder.${name}`)!;
  }

  private readonly known = new Map<string, Token[]>();

  private rows(name: string): Token[] {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const { shape, data } = this.tensor(name);
    const width = data.length / shape[0];
    const rows = range(shape[0]).map((row) => [...data.subarray(row * width, (row + 1) * width)]);
    this.known.set(name, rows);
    return rows;
  }

  protected linear(name: string, x: Token): number[] {
    const bias = this.tensor(`${name}.bias`).data;
    return this.rows(`${name}.weight`).map((row, i) => dot(row, x) + bias[i]);
  }

  protected norm(name: string, x: Token): number[] {
    const mean = x.reduce((a, b) => a + b, 0) / x.length;
    const variance = x.reduce((total, value) => total + (value - mean) ** 2, 0) / x.length;
    const [weight, bias] = [this.tensor(`${name}.weight`).data, this.tensor(`${name}.bias`).data];
    return x.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-6)) * weight[i] + bias[i]);
  }

  /** One patch with its learned position, which is resampled where the grid is not the one it was learned on. */
  protected patch(image: ArrayLike<number>, row: number, column: number, side: number): Token {
    const { imageSize, patchSize, embedDim } = this.config;
    const pixels = range(3).flatMap((channel) =>
      range(patchSize).flatMap((dy) =>
        range(patchSize).map((dx) => {
          const [y, x] = [row * patchSize + dy, column * patchSize + dx];
          return image[(channel * imageSize + y) * imageSize + x];
        }),
      ),
    );
    const { shape, data } = this.tensor('pos_embed');
    const learned = shape[1];
    const at = (index: number): number => ((index + 0.5) * learned) / side - 0.5;
    const position = interpolate(learned, at(row), (y) =>
      interpolate(learned, at(column), (x) => [
        ...data.subarray((y * learned + x) * embedDim, (y * learned + x + 1) * embedDim),
      ]),
    );
    return sum(this.linear('patch_embed.proj', pixels), position);
  }

  /** Attention in windows; what lies beyond the grid is zeros, which have keys and values all the same. */
  protected windowed(name: string, n: Grid, window: number): Grid {
    const out = n.map((row) => row.map((): Token => []));
    for (let top = 0; top < n.length; top += window) {
      for (let left = 0; left < n.length; left += window) {
        const cut = range(window).map((y) =>
          range(window).map((x): Token => n[top + y]?.[left + x] ?? n[0][0].map(() => 0)),
        );
        map(this.attention(name, cut), (token, y, x) => {
          if (top + y < n.length && left + x < n.length) out[top + y][left + x] = token;
          return token;
        });
      }
    }
    return out;
  }

  /** `tell` hears how each query of each head weighs the positions. */
  protected attention(
    name: string,
    grid: Grid,
    tell: (query: number, head: number, weights: Token) => void = () => {},
  ): Grid {
    const { heads, embedDim } = this.config;
    const [height, width, depth] = [grid.length, grid[0].length, embedDim / heads];
    const qkv = map(grid, (token) => this.linear(`${name}.qkv`, token));
    const part = (token: Token, kind: number, head: number): Token =>
      token.slice(kind * embedDim + head * depth, kind * embedDim + (head + 1) * depth);
    const relative = (table: readonly Token[], distance: number, side: number): Token => {
      const wanted = 2 * side - 1;
      const at = ((distance + side - 1 + 0.5) * table.length) / wanted - 0.5;
      return interpolate(table.length, at, (entry) => table[entry]);
    };
    const [byRow, byColumn] = (
      [
        ['rel_pos_h', height],
        ['rel_pos_w', width],
      ] as const
    ).map(([table, side]) => {
      const rows = this.rows(`${name}.${table}`);
      return range(2 * side - 1).map((entry) => relative(rows, entry - side + 1, side));
    });
    return map(qkv, (query, y, x) => {
      const mixed = range(heads).flatMap((head) => {
        const q = part(query, 0, head);
        const logits = qkv.flatMap((row, ky) =>
          row.map((key, kx) => {
            const content = dot(q, part(key, 1, head)) / Math.sqrt(depth);
            return content + dot(q, byRow[y - ky + height - 1]) + dot(q, byColumn[x - kx + width - 1]);
          }),
        );
        const highest = Math.max(...logits);
        const weights = logits.map((logit) => Math.exp(logit - highest));
        const total = weights.reduce((a, b) => a + b, 0);
        tell(
          y * width + x,
          head,
          weights.map((weight) => weight / total),
        );
        const values = qkv.flat().map((token) => part(token, 2, head));
        return range(depth).map((i) => values.reduce((value, v, key) => value + (weights[key] / total) * v[i], 0));
      });
      return this.linear(`${name}.proj`, mixed);
    });
  }

  protected neck(x: Grid): Grid {
    const [narrow, wide] = [this.rows('neck.0.weight'), this.rows('neck.2.weight')];
    const normed = map(x, (token) =>
      this.norm(
        'neck.1',
        narrow.map((row) => dot(row, token)),
      ),
    );
    return map(normed, (_, y, column) => {
      const convolved = wide.map((kernel) =>
        kernel.reduce((total, weight, i) => {
          const [channel, dy, dx] = [Math.floor(i / 9), Math.floor((i % 9) / 3) - 1, (i % 3) - 1];
          return total + weight * (normed[y + dy]?.[column + dx]?.[channel] ?? 0);
        }, 0),
      );
      return this.norm('neck.3', convolved);
    });
  }
}
