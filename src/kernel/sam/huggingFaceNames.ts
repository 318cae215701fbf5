// The names of a SAM in Hugging Face's `transformers` (SamModel; the files sam-vit-base, -large, -huge and what was made
// of them) and SAM's own. `$1` is a block, layer, token or kind of point; everything else is the same in both.

type Rule = readonly [pattern: RegExp, own: string];

const rules: readonly Rule[] = [
  [/^vision_encoder\.pos_embed$/, 'image_encoder.pos_embed'],
  [/^vision_encoder\.patch_embed\.projection\./, 'image_encoder.patch_embed.proj.'],
  [/^vision_encoder\.layers\.(\d+)\.layer_norm([12])\./, 'image_encoder.blocks.$1.norm$2.'],
  [/^vision_encoder\.layers\.(\d+)\./, 'image_encoder.blocks.$1.'],
  [/^vision_encoder\.neck\.conv1\./, 'image_encoder.neck.0.'],
  [/^vision_encoder\.neck\.layer_norm1\./, 'image_encoder.neck.1.'],
  [/^vision_encoder\.neck\.conv2\./, 'image_encoder.neck.2.'],
  [/^vision_encoder\.neck\.layer_norm2\./, 'image_encoder.neck.3.'],

  // One tensor under two names: the files hold either or both.
  [
    /^(shared_image_embedding|prompt_encoder\.shared_embedding)\.positional_embedding$/,
    'prompt_encoder.pe_layer.positional_encoding_gaussian_matrix',
  ],
  [/^prompt_encoder\.point_embed\.(\d)\./, 'prompt_encoder.point_embeddings.$1.'],
  [/^prompt_encoder\.mask_embed\.conv1\./, 'prompt_encoder.mask_downscaling.0.'],
  [/^prompt_encoder\.mask_embed\.layer_norm1\./, 'prompt_encoder.mask_downscaling.1.'],
  [/^prompt_encoder\.mask_embed\.conv2\./, 'prompt_encoder.mask_downscaling.3.'],
  [/^prompt_encoder\.mask_embed\.layer_norm2\./, 'prompt_encoder.mask_downscaling.4.'],
  [/^prompt_encoder\.mask_embed\.conv3\./, 'prompt_encoder.mask_downscaling.6.'],

  [/^mask_decoder\.transformer\.layers\.(\d+)\.layer_norm([1-4])\./, 'mask_decoder.transformer.layers.$1.norm$2.'],
  [/^mask_decoder\.transformer\.layer_norm_final_attn\./, 'mask_decoder.transformer.norm_final_attn.'],
  [/^mask_decoder\.upscale_conv1\./, 'mask_decoder.output_upscaling.0.'],
  [/^mask_decoder\.upscale_layer_norm\./, 'mask_decoder.output_upscaling.1.'],
  [/^mask_decoder\.upscale_conv2\./, 'mask_decoder.output_upscaling.3.'],
];

/** A head of linear layers: `proj_in`, `layers.0`, …, `proj_out` there, `layers.0`, `layers.1`, … here. */
const headLayer =
  /^(mask_decoder\.(?:output_hypernetworks_mlps\.\d|iou_prediction_head))\.(proj_in|proj_out|layers\.(\d+))\.(\w+)$/;

/** Whether these are the names of a SAM of `transformers`. */
export const isHuggingFace = (names: Iterable<string>): boolean =>
  [...names].some((name) => name.startsWith('vision_encoder.'));

/** SAM's own name for each of the given ones of `transformers`; what is unknown keeps its name. */
export function fromHuggingFace(names: Iterable<string>): Map<string, string> {
  const all = [...names];
  // Where `proj_out` stands follows from the number of layers between.
  const between = new Map<string, number>();
  for (const name of all) {
    const [, head, , layer] = headLayer.exec(name) ?? [];
    if (layer !== undefined) between.set(head, Math.max(between.get(head) ?? 0, Number(layer) + 1));
  }
  return new Map(all.map((name) => [name, ownName(name, between)]));
}

function ownName(name: string, between: ReadonlyMap<string, number>): string {
  const found = headLayer.exec(name);
  if (found !== null) {
    const [, head, part, layer, kind] = found;
    const place = part === 'proj_in' ? 0 : 1 + (part === 'proj_out' ? (between.get(head) ?? 0) : Number(layer));
    return `${head}.layers.${place}.${kind}`;
  }
  const rule = rules.find(([pattern]) => pattern.test(name));
  return rule === undefined ? name : name.replace(...rule);
}
