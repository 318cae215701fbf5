// Names of what the inspector reads: the tensor's own, and what is read of it. They are the outputs of the programs and
// the entries of an exported file; docs/inspector.md defines each by its formula.

/** Of an attachment. `addition` and `hidden` may be asked for by channel too. */
export const readings = {
  /** ‖addition‖ over channels: [D, g, g], or [B, T] for the decoder's tokens. */
  addition: (name: string) => `${name}.addition.norm`,
  /** ‖hidden‖ over the bottleneck, as above. */
  hidden: (name: string) => `${name}.hidden.norm`,
  /** ‖addition‖ / ‖base‖: [D]. */
  share: (name: string) => `${name}.share`,
  /** Part of all tokens at which each unit of the bottleneck is above 0: [r]. */
  active: (name: string) => `${name}.active`,
  /** Of a depth branch, mean over positions: [heads, D, D]. */
  sliceAttention: (name: string) => `${name}.attention`,
  /** HyP-Adpt's weights of layer i: [B, r, r]. */
  generated: (name: string, layer: number) => `${name}.generated.${layer}`,
} as const;

/** Of an encoder block. */
export const blockReadings = {
  /** ‖output − frozen output‖ over channels: [D, g, g]. */
  difference: (block: string) => `${block}.difference.norm`,
  /** ‖output − frozen output‖ / ‖frozen output‖: [D]. */
  change: (block: string) => `${block}.change`,
} as const;

/** Kept inside the executor, in the order that the graph computes in. */
export const held = {
  hidden: (name: string) => `${name}.hidden`,
  /** Mean over heads: [1, g, g, D·D]. */
  sliceAttention: (name: string) => `${name}.attention.positions`,
  embedding: (slice: number) => `embedding.${slice}`,
} as const;

export const isHeldName = (name: string): boolean => /\.hidden$|\.attention\.positions$|^embedding\.\d+$/.test(name);

export const isGenerated = (name: string): boolean => /\.generated\.\d+$/.test(name);
