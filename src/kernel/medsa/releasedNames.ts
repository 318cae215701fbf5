// The names of the authors' released adapters and the product's own (med-sa.md, section 5):
// image_encoder.blocks.{i}.{Space,MLP,Depth}_Adapter.{D_fc1,D_fc2}.{weight,bias} and
// image_encoder.blocks.{i}.{space,mlp,depth}_adapter.{down,up}.{weight,bias}.

const released = /^(image_encoder\.blocks\.\d+)\.(Space|MLP|Depth)_Adapter\.D_fc([12])\.(weight|bias)$/;
const own = /^(image_encoder\.blocks\.\d+)\.(space|mlp|depth)_adapter\.(down|up)\.(weight|bias)$/;

const kinds = { space: 'Space', mlp: 'MLP', depth: 'Depth' } as const;
const layers = { down: 'D_fc1', up: 'D_fc2' } as const;

/** Whether a file uses the released names, behind whatever a training script put in front of them. */
export const hasReleasedNames = (names: Iterable<string>): boolean =>
  [...names].some((name) => /\.(Space|MLP|Depth)_Adapter\.D_fc[12]\.(weight|bias)$/.test(name));

/** The product's own name; one that is not an adapter's is kept. */
export function fromReleasedName(name: string): string {
  const found = released.exec(name);
  if (found === null) return name;
  const [, block, kind, layer, part] = found;
  return `${block}.${kind.toLowerCase()}_adapter.${layer === '1' ? 'down' : 'up'}.${part}`;
}

/** The released name; one that has none (the decoder's adapters) is kept. */
export function toReleasedName(name: string): string {
  const found = own.exec(name);
  if (found === null) return name;
  const [, block, kind, layer, part] = found;
  return `${block}.${kinds[kind as keyof typeof kinds]}_Adapter.${layers[layer as keyof typeof layers]}.${part}`;
}
