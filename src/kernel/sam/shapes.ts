import { gridOf, maskTokens, type SamConfig } from './config';

export type ShapeTable = ReadonlyMap<string, readonly number[]>;

/** Name and shape of every tensor of a SAM, in SAM's own names; what a checkpoint must hold. */
export function samShapes(config: SamConfig): ShapeTable {
  const shapes = new Map<string, readonly number[]>();
  encoderShapes(config, under(shapes, 'image_encoder'));
  promptShapes(config, under(shapes, 'prompt_encoder'));
  decoderShapes(config, under(shapes, 'mask_decoder'));
  return shapes;
}

type Define = (name: string, ...shape: number[]) => void;

const under =
  (shapes: Map<string, readonly number[]>, prefix: string): Define =>
  (name, ...shape) =>
    void shapes.set(`${prefix}.${name}`, shape);

function linear(define: Define, name: string, input: number, output: number): void {
  define(`${name}.weight`, output, input);
  define(`${name}.bias`, output);
}

function norm(define: Define, name: string, channels: number): void {
  define(`${name}.weight`, channels);
  define(`${name}.bias`, channels);
}

function encoderShapes(config: SamConfig, define: Define): void {
  const { embedDim: dim, patchSize, outChannels: out, heads } = config;
  const grid = gridOf(config);
  define('pos_embed', 1, grid, grid, dim);
  define('patch_embed.proj.weight', dim, 3, patchSize, patchSize);
  define('patch_embed.proj.bias', dim);
  for (let index = 0; index < config.depth; index++) {
    const block = `blocks.${index}`;
    const positions = 2 * (config.globalAttention.includes(index) ? grid : config.windowSize) - 1;
    norm(define, `${block}.norm1`, dim);
    define(`${block}.attn.rel_pos_h`, positions, dim / heads);
    define(`${block}.attn.rel_pos_w`, positions, dim / heads);
    linear(define, `${block}.attn.qkv`, dim, 3 * dim);
    linear(define, `${block}.attn.proj`, dim, dim);
    norm(define, `${block}.norm2`, dim);
    linear(define, `${block}.mlp.lin1`, dim, 4 * dim);
    linear(define, `${block}.mlp.lin2`, 4 * dim, dim);
  }
  define('neck.0.weight', out, dim, 1, 1);
  norm(define, 'neck.1', out);
  define('neck.2.weight', out, out, 3, 3);
  norm(define, 'neck.3', out);
}

function promptShapes({ outChannels: out, maskInChannels }: SamConfig, define: Define): void {
  define('pe_layer.positional_encoding_gaussian_matrix', 2, out / 2);
  for (let kind = 0; kind < 4; kind++) define(`point_embeddings.${kind}.weight`, 1, out);
  define('not_a_point_embed.weight', 1, out);
  define('mask_downscaling.0.weight', maskInChannels / 4, 1, 2, 2);
  define('mask_downscaling.0.bias', maskInChannels / 4);
  norm(define, 'mask_downscaling.1', maskInChannels / 4);
  define('mask_downscaling.3.weight', maskInChannels, maskInChannels / 4, 2, 2);
  define('mask_downscaling.3.bias', maskInChannels);
  norm(define, 'mask_downscaling.4', maskInChannels);
  define('mask_downscaling.6.weight', out, maskInChannels, 1, 1);
  define('mask_downscaling.6.bias', out);
  define('no_mask_embed.weight', 1, out);
}

function decoderShapes(config: SamConfig, define: Define): void {
  const { outChannels: out, decoderMlpDim, iouHeadHidden, iouHeadDepth } = config;
  const attention = (name: string, inner: number): void => {
    for (const part of ['q_proj', 'k_proj', 'v_proj']) linear(define, `${name}.${part}`, out, inner);
    linear(define, `${name}.out_proj`, inner, out);
  };
  for (let index = 0; index < config.decoderDepth; index++) {
    const layer = `transformer.layers.${index}`;
    attention(`${layer}.self_attn`, out);
    attention(`${layer}.cross_attn_token_to_image`, out / 2);
    attention(`${layer}.cross_attn_image_to_token`, out / 2);
    linear(define, `${layer}.mlp.lin1`, out, decoderMlpDim);
    linear(define, `${layer}.mlp.lin2`, decoderMlpDim, out);
    for (let n = 1; n <= 4; n++) norm(define, `${layer}.norm${n}`, out);
  }
  attention('transformer.final_attn_token_to_image', out / 2);
  norm(define, 'transformer.norm_final_attn', out);
  define('iou_token.weight', 1, out);
  define('mask_tokens.weight', maskTokens, out);
  define('output_upscaling.0.weight', out, out / 4, 2, 2);
  define('output_upscaling.0.bias', out / 4);
  norm(define, 'output_upscaling.1', out / 4);
  define('output_upscaling.3.weight', out / 4, out / 8, 2, 2);
  define('output_upscaling.3.bias', out / 8);
  for (let token = 0; token < maskTokens; token++) {
    const name = `output_hypernetworks_mlps.${token}`;
    linear(define, `${name}.layers.0`, out, out);
    linear(define, `${name}.layers.1`, out, out);
    linear(define, `${name}.layers.2`, out, out / 8);
  }
  for (let layer = 0; layer < iouHeadDepth; layer++) {
    const input = layer === 0 ? out : iouHeadHidden;
    linear(
      define,
      `iou_prediction_head.layers.${layer}`,
      input,
      layer === iouHeadDepth - 1 ? maskTokens : iouHeadHidden,
    );
  }
}
