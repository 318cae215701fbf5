/** Three significant digits, without an exponent where one can be read without it. */
export function figure(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size >= 1e5 || size < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

export const percent = (part: number): string => (Number.isFinite(part) ? `${figure(100 * part)} %` : '–');

const kinds: Readonly<Record<string, string>> = {
  space_adapter: 'Space',
  depth_adapter: 'Depth',
  mlp_adapter: 'MLP',
  prompt_adapter: 'Prompt (HyP-Adpt)',
  image_adapter: 'Image',
};

/** What a person calls an attachment within its block or layer. */
export function kindOf(name: string): string {
  const last = name.split('.').at(-1)!;
  return kinds[last] ?? `LoRA ${name.replace(/^(image_encoder\.blocks|mask_decoder\.transformer\.layers)\.\d+\./, '')}`;
}

/** `mask_decoder.layers.1.prompt_adapter` → 1 */
export const layerOf = (name: string): number | null => {
  const found = /\.(?:layers|blocks)\.(\d+)\./.exec(name);
  return found === null ? null : Number(found[1]);
};

/** As short as a tab of the overview needs. */
export const shortPercent = (part: number): string =>
  Number.isFinite(part) ? `${figure(Number((100 * part).toPrecision(2)))} %` : '–';

/**
 * Colour of each kind in the overview's bars, by their order in a block. Orange is no theme's: light ones draw theirs so
 * pale that a bar is lost.
 */
export const barColours = [
  'var(--vscode-charts-blue, #3794ff)',
  '#d18616',
  'var(--vscode-charts-purple, #b180d7)',
] as const;
