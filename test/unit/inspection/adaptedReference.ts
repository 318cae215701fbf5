// The adapted encoder once more, by its definition (med-sa.md, sections 2 and 3) and in float64: what the inspector
// reads is measured here on numbers that no graph has seen.
import type { TensorData } from '../../../src/kernel/graph';
import type { AdapterOptions } from '../../../src/kernel/medsa/options';
import type { SamConfig } from '../../../src/kernel/sam/config';
import { gelu, map, range, ReferenceEncoder, sum, type Grid, type Token } from '../sam/referenceEncoder';

/** What one adapter did, slice by slice; tokens of the grid only, in row-major order. */
export interface ReferenceAdapter {
  readonly base: Token[][];
  readonly hidden: Token[][];
  readonly addition: Token[][];
}

export interface ReferenceReadings {
  readonly adapters: Map<string, ReferenceAdapter>;
  /** Output of each block with and without its adapters, slice by slice. */
  readonly blocks: { readonly output: Token[][]; readonly frozen: Token[][] }[];
  /** Per depth adapter: [position][slice][head] → weights of the slices. */
  readonly attention: Map<string, Token[][][]>;
  /** The last block's tokens, slice by slice. */
  readonly embeddings: number[][];
}

const relu = (x: number): number => Math.max(0, x);
const scale = (token: Token, factor: number): number[] => token.map((value) => value * factor);
const zeroToken = (token: Token): number[] => token.map(() => 0);

export class AdaptedReference extends ReferenceEncoder {
  constructor(
    tensors: ReadonlyMap<string, TensorData>,
    config: SamConfig,
    private readonly options: AdapterOptions,
  ) {
    super(tensors, config);
  }

  /** images: [D, 3, S, S], slices of one volume */
  read(images: TensorData): ReferenceReadings {
    const { imageSize, patchSize, depth, globalAttention, windowSize } = this.config;
    const { slices: depthSlices, padding, scale: weight } = this.options;
    const count = images.shape[0];
    const side = imageSize / patchSize;
    const pixels = images.data.length / count;
    const readings: ReferenceReadings = { adapters: new Map(), blocks: [], attention: new Map(), embeddings: [] };
    let volume: Grid[] = range(count).map((slice) => {
      const image = images.data.subarray(slice * pixels, (slice + 1) * pixels);
      return range(side).map((row) => range(side).map((column) => this.patch(image, row, column, side)));
    });
    const crop = (grid: Grid): Grid => grid.slice(0, side).map((row) => row.slice(0, side));
    const tokens = (grids: readonly Grid[]): Token[][] => grids.map((grid) => crop(grid).flat());

    for (let index = 0; index < depth; index++) {
      const block = `blocks.${index}`;
      const windowed = !globalAttention.includes(index);
      const grown = windowed && padding === 'before-norm' ? Math.ceil(side / windowSize) * windowSize : side;
      const padded = volume.map((x) =>
        range(grown).map((y) => range(grown).map((z): Token => x[y]?.[z] ?? zeroToken(x[0][0]))),
      );
      const n = padded.map((x) => map(x, (token) => this.norm(`${block}.norm1`, token)));
      const plane = n.map((x) =>
        windowed ? this.windowed(`${block}.attn`, x, windowSize) : this.attention(`${block}.attn`, x),
      );
      const space = this.adapt(readings, `${block}.space_adapter`, plane, plane, 1, tokens);
      const attended = depthSlices === null ? space : this.depth(readings, `${block}.depth_adapter`, n, space, tokens);
      const add = (x: readonly Grid[], y: readonly Grid[]): Grid[] =>
        x.map((grid, slice) => map(grid, (token, row, column) => sum(token, y[slice][row][column])));
      const forward = (x: Grid[]): { normed: Grid[]; mlp: Grid[] } => {
        const normed = x.map((grid) => map(grid, (token) => this.norm(`${block}.norm2`, token)));
        const mlp = normed.map((grid) =>
          map(grid, (token) => this.linear(`${block}.mlp.lin2`, this.linear(`${block}.mlp.lin1`, token).map(gelu))),
        );
        return { normed, mlp };
      };
      const [y, without] = [add(volume, attended.map(crop)), add(volume, plane.map(crop))];
      const own = forward(y);
      const adapted = this.adapt(readings, `${block}.mlp_adapter`, own.normed, own.mlp, weight, tokens);
      const output = add(y, adapted);
      const frozen = add(without, forward(without).mlp);
      readings.blocks.push({ output: tokens(output), frozen: tokens(frozen) });
      volume = output;
    }
    for (const x of volume) {
      const neck = this.neck(x).flat();
      readings.embeddings.push(
        range(this.config.outChannels).flatMap((channel) => neck.map((token) => token[channel])),
      );
    }
    return readings;
  }

  private hidden(name: string, token: Token): number[] {
    return this.linear(`${name}.down`, token).map(this.options.variant === 'released' ? gelu : relu);
  }

  /** base + weight·adapter(x), written down. */
  private adapt(
    { adapters }: ReferenceReadings,
    name: string,
    x: readonly Grid[],
    base: readonly Grid[],
    weight: number,
    tokens: (grids: readonly Grid[]) => Token[][],
  ): Grid[] {
    const hidden = x.map((grid) => map(grid, (token) => this.hidden(name, token)));
    const addition = hidden.map((grid) => map(grid, (token) => scale(this.linear(`${name}.up`, token), weight)));
    adapters.set(`image_encoder.${name}`, {
      base: tokens(base),
      hidden: tokens(hidden),
      addition: tokens(addition),
    });
    return base.map((grid, slice) => map(grid, (token, row, column) => sum(token, addition[slice][row][column])));
  }

  /** Every position as a line of its slices, through the block's own attention (section 3). */
  private depth(
    readings: ReferenceReadings,
    name: string,
    n: readonly Grid[],
    base: readonly Grid[],
    tokens: (grids: readonly Grid[]) => Token[][],
  ): Grid[] {
    const side = this.config.imageSize / this.config.patchSize;
    const weights: Token[][][] = [];
    const attended = n.map((grid) => map(grid, zeroToken)) as number[][][][];
    for (const [y, row] of n[0].entries()) {
      for (const x of row.keys()) {
        const here: Token[][] = n.map(() => []);
        const line = this.attention(
          `${name.replace('.depth_adapter', '')}.attn`,
          [n.map((grid) => grid[y][x])],
          (slice, head, row) => {
            here[slice][head] = row;
          },
        );
        line[0].forEach((token, slice) => (attended[slice][y][x] = [...token]));
        if (y < side && x < side) weights.push(here);
      }
    }
    readings.attention.set(`image_encoder.${name}`, weights);
    return this.adapt(readings, name, attended, base, 1, tokens);
  }
}
