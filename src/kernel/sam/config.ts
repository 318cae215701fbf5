/** The sizes that make one SAM (arXiv 2304.02643, appendix A; med-sa.md, section 1). */
export interface SamConfig {
  readonly name: string;
  /** Side of the square input, pixels. */
  readonly imageSize: number;
  /** Side of one patch, pixels. */
  readonly patchSize: number;
  readonly embedDim: number;
  readonly depth: number;
  readonly heads: number;
  /** Blocks that attend globally; the others attend in windows. */
  readonly globalAttention: readonly number[];
  /** Side of a window, patches. */
  readonly windowSize: number;
  /** Channels of the embedding and of every token in the decoder. */
  readonly outChannels: number;
  readonly decoderDepth: number;
  readonly decoderHeads: number;
  readonly decoderMlpDim: number;
  readonly iouHeadDepth: number;
  readonly iouHeadHidden: number;
  readonly maskInChannels: number;
}

/** Side of the embedding's grid, patches. */
export const gridOf = (config: SamConfig): number => config.imageSize / config.patchSize;

/** Number of mask tokens: one for the single answer, three for the ambiguous ones. */
export const maskTokens = 4;

const decoder = {
  outChannels: 256,
  decoderDepth: 2,
  decoderHeads: 8,
  decoderMlpDim: 2048,
  iouHeadDepth: 3,
  iouHeadHidden: 256,
  maskInChannels: 16,
};
const vit = { imageSize: 1024, patchSize: 16, windowSize: 14, ...decoder };

/** The published sizes. */
export const samConfigs = {
  vit_b: { name: 'vit_b', ...vit, embedDim: 768, depth: 12, heads: 12, globalAttention: [2, 5, 8, 11] },
  vit_l: { name: 'vit_l', ...vit, embedDim: 1024, depth: 24, heads: 16, globalAttention: [5, 11, 17, 23] },
  vit_h: { name: 'vit_h', ...vit, embedDim: 1280, depth: 32, heads: 16, globalAttention: [7, 15, 23, 31] },
  /** The embedded model: the same code at the size of a notebook. */
  phantom: {
    name: 'phantom',
    imageSize: 256,
    patchSize: 8,
    windowSize: 8,
    embedDim: 192,
    depth: 6,
    heads: 6,
    globalAttention: [3, 5],
    outChannels: 128,
    decoderDepth: 2,
    decoderHeads: 8,
    decoderMlpDim: 512,
    iouHeadDepth: 3,
    iouHeadHidden: 128,
    maskInChannels: 16,
  },
} satisfies Record<string, SamConfig>;
