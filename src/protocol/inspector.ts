// What the adapter inspector's page and the kernel say to each other. Only what is shown is sent: maps are quantised to
// a byte a cell and asked for when a block is opened.

export const inspectorMime = 'application/vnd.med-sa.inspector+json';

/** Numbers on a grid, as they are drawn. */
export interface QuantisedMap {
  width: number;
  height: number;
  /** Base64 of width × height bytes, row by row: value = low + byte / 255 · (high − low), clipped at both ends. */
  data: string;
  /** Robust range: the 1st and 99th percentile, or ± the 99th of the magnitude where values have signs. */
  low: number;
  high: number;
  /** Of all values, the clipped ones too. */
  min: number;
  max: number;
  /** Around 0: drawn with the diverging colours. */
  signed: boolean;
}

export type AdapterPart = 'addition' | 'hidden';

/** A map of the encoder. */
export type ImageQuery =
  | { of: 'norm'; attachment: string; part: AdapterPart }
  | { of: 'channel'; attachment: string; part: AdapterPart; channel: number }
  | { of: 'difference'; block: string }
  /** How much slice `from` looks at slice `to`, at each position. */
  | { of: 'slices'; attachment: string; from: number; to: number }
  /** Which slice looks at which, mean over the positions; `head` null: over the heads too. Rows ask. */
  | { of: 'sliceMatrix'; attachment: string; head: number | null };

/** A map of what a view asked the decoder last, in a slot. */
export type PromptQuery =
  /** `channel` null: the norm over all of them. Of the image's places a map, of the decoder's tokens one row. */
  | { of: 'decoder'; slot: PromptSlot; attachment: string; part: AdapterPart; channel: number | null }
  /** HyP-Adpt's weights, by their name. */
  | { of: 'generated'; slot: PromptSlot; name: string }
  /** Those of the second prompt minus those of the first. */
  | { of: 'generatedChange'; name: string }
  /** After `inspector/frozen`. */
  | { of: 'frozen'; slot: PromptSlot; what: 'embedding' | 'logits' };

export type MapQuery = ImageQuery | PromptQuery;

/** What is saved as a PNG: a map, or the two masks over the image. */
export type PictureQuery = MapQuery | { of: 'masks'; slot: PromptSlot };

/** Units of a bottleneck by the part of all tokens at which they are above 0. */
export interface UnitActivity {
  units: number;
  dead: number;
  /** Above 0 at fewer than one token in a hundred. */
  nearDead: number;
  /** Ten equal bins from 0 to 1. */
  histogram: number[];
}

export interface AttachmentSummary {
  name: string;
  /** ‖addition‖ / ‖what it is added to‖, by slice. */
  share: number[];
  /** null for LoRA, whose product has no activation. */
  activity: UnitActivity | null;
  channels: Record<AdapterPart, number>;
  /** A depth branch: it has attention along the slices. */
  alongSlices: boolean;
}

export interface BlockSummary {
  name: string;
  /** ‖output − frozen output‖ / ‖frozen output‖, by slice. */
  change: number[];
  attachments: AttachmentSummary[];
}

/** What an inspection is of, and the figures of its overview. */
export interface InspectorSummary {
  inspection: string;
  model: string;
  adapters: string;
  slices: number;
  /** What the volume calls the first of them. */
  firstSlice: number;
  heads: number;
  /** Of the original image, pixels. */
  width: number;
  height: number;
  /** Cells of a map that lie over the image, fractional: what is beyond is padding and not sent but for a cut cell. */
  cells: { columns: number; rows: number };
  blocks: BlockSummary[];
}

export interface InspectorPrompts {
  points: { x: number; y: number; label: 0 | 1 }[];
  /** Corners, not pixels: x1 may be the image's width. */
  box: [x0: number, y0: number, x1: number, y1: number] | null;
}

/** What a page begins with. */
export interface InspectorBegin {
  /** Counted among those inspected. */
  slice: number;
  prompts: [InspectorPrompts | null, InspectorPrompts | null];
}

/** What stands in a notebook under `application/vnd.med-sa.inspector+json`, and what a panel is given. */
export interface InspectorOutput {
  version: 1;
  summary: InspectorSummary;
  begin: InspectorBegin;
}

/** Two prompts can be held beside each other. */
export type PromptSlot = 0 | 1;

export interface DecoderAttachment {
  name: string;
  share: number;
  activity: UnitActivity | null;
  channels: Record<AdapterPart, number>;
  /** ‖addition‖ at each place of the image; null where it is added to the decoder's tokens. */
  map: QuantisedMap | null;
  /** ‖addition‖ at each token: IoU, four masks, then the prompt's; null for an image's places. */
  tokens: number[] | null;
}

export interface NamedMap {
  name: string;
  map: QuantisedMap;
}

export interface PromptAnswer {
  slot: PromptSlot;
  slice: number;
  prompts: InspectorPrompts;
  /** The model's estimate of its mask's IoU. */
  iou: number;
  attachments: DecoderAttachment[];
  /** HyP-Adpt's generated weights W_i; a row is what goes in, a column what comes out. */
  generated: NamedMap[];
}

/** HyP-Adpt's weights of the second prompt minus those of the first. */
export interface GeneratedChange extends NamedMap {
  /** ‖second − first‖ / ‖first‖. */
  change: number;
}

export interface FrozenAnswer {
  slot: PromptSlot;
  embedding: QuantisedMap;
  /** ‖adapted − frozen‖ / ‖frozen‖. */
  embeddingChange: number;
  iou: { adapted: number; frozen: number };
  /** Of the two masks with each other. */
  dice: number;
  /** Logits of mask token 0, adapted − frozen. */
  logits: QuantisedMap;
  /** Both masks in a small picture, a byte a pixel: 0 neither, 1 both, 2 adapted only, 3 frozen only. */
  masks: { width: number; height: number; data: string };
}

interface Addressed {
  /** Of the page's view: two may show one inspection. */
  viewId: string;
  inspection: string;
}

/** The answer carries the same `requestId`. */
interface Asking extends Addressed {
  requestId: number;
}

export type InspectorRequest =
  | ({ type: 'inspector/attach' } & Asking)
  | ({ type: 'inspector/picture'; slice: number } & Asking)
  | ({ type: 'inspector/maps'; slice: number; maps: MapQuery[] } & Asking)
  | ({ type: 'inspector/prompt'; slot: PromptSlot; slice: number; prompts: InspectorPrompts } & Asking)
  | ({ type: 'inspector/frozen'; slot: PromptSlot } & Asking)
  | ({ type: 'inspector/exportTensors' } & Asking)
  | ({ type: 'inspector/exportMap'; slice: number; map: PictureQuery } & Asking);

export type InspectorEvent = { viewId: string; requestId: number } & (
  | { type: 'inspector/summary'; summary: InspectorSummary }
  /** Base64 of a PNG, its longest side at most 512 pixels. `slice` counts among those inspected, as in requests. */
  | { type: 'inspector/picture'; slice: number; png: string }
  | { type: 'inspector/maps'; maps: QuantisedMap[] }
  | { type: 'inspector/prompt'; answer: PromptAnswer; changes: GeneratedChange[] }
  | { type: 'inspector/frozen'; answer: FrozenAnswer }
  | { type: 'inspector/exported'; file: string }
  | { type: 'inspector/error'; message: string }
);

/** Where requests go and events come from: a notebook's messaging or a panel's. */
export interface InspectorChannel {
  post(request: InspectorRequest): void;
  /** Returns what ends the listening. */
  listen(listener: (event: InspectorEvent) => void): () => void;
}
