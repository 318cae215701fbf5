import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { readTensors } from '../../checkpoints';
import { UserError } from '../../errors';
import type { TensorData } from '../../graph';
import type { AdapterOptions } from '../../medsa/options';
import type { SamConfig } from '../../sam/config';

const positive = z.number().int().positive();

const configSchema = z.object({
  image_size: positive,
  patch_size: positive,
  embed_dim: positive,
  depth: positive,
  num_heads: positive,
  global_attn_indexes: z.array(z.number().int().nonnegative()),
  window_size: positive,
  out_chans: positive,
  decoder_depth: positive,
  decoder_heads: positive,
  decoder_mlp_dim: positive,
  iou_head_depth: positive,
  iou_head_hidden_dim: positive,
  mask_in_chans: positive,
  bottleneck: positive,
  decoder_bottleneck: positive,
  scale: z.number(),
  volumes: positive,
  slices: positive,
});

export interface ParityConfig {
  readonly sam: SamConfig;
  /** Options of the 2D case; the 3D case adds `slices`. */
  readonly adapters: AdapterOptions;
  readonly slices: number;
}

/** One folder of goldens; its README describes the files. */
export class ParityFolder {
  private constructor(
    readonly folder: string,
    readonly config: ParityConfig,
  ) {}

  /** @throws UserError when there is no config.json or it is not of this layout. */
  static async open(folder: string): Promise<ParityFolder> {
    const file = path.join(folder, 'config.json');
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (cause) {
      throw new UserError(`no parity goldens in ${folder}: ${file} cannot be read`, { file, cause });
    }
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (cause) {
      throw new UserError(`${file} is not JSON: take a folder of parity goldens (config.json, *_io.safetensors)`, {
        file,
        cause,
      });
    }
    const parsed = configSchema.safeParse(json);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new UserError(`${file}: ${issue.path.join('.')}: ${issue.message}`, { file });
    }
    return new ParityFolder(folder, fromJson(parsed.data));
  }

  has(name: string): boolean {
    return existsSync(path.join(this.folder, name));
  }

  async tensors(name: string): Promise<Map<string, TensorData>> {
    return (await readTensors(path.join(this.folder, name))).tensors;
  }
}

function fromJson(json: z.infer<typeof configSchema>): ParityConfig {
  return {
    sam: {
      name: 'parity',
      imageSize: json.image_size,
      patchSize: json.patch_size,
      embedDim: json.embed_dim,
      depth: json.depth,
      heads: json.num_heads,
      globalAttention: json.global_attn_indexes,
      windowSize: json.window_size,
      outChannels: json.out_chans,
      decoderDepth: json.decoder_depth,
      decoderHeads: json.decoder_heads,
      decoderMlpDim: json.decoder_mlp_dim,
      iouHeadDepth: json.iou_head_depth,
      iouHeadHidden: json.iou_head_hidden_dim,
      maskInChannels: json.mask_in_chans,
    },
    adapters: {
      variant: 'paper',
      bottleneck: json.bottleneck,
      decoderBottleneck: json.decoder_bottleneck,
      scale: json.scale,
      slices: null,
      padding: 'before-norm',
      prompt: 'hyper',
    },
    slices: json.slices,
  };
}
