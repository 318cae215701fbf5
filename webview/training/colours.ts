/**
 * Hues that eyes without red or green receptors tell apart too (after Okabe & Ito, made darker on white and lighter on
 * black). VS Code's own chart colours are not: its green and orange are one to every twelfth man.
 */
export const palettes = {
  dark: ['#56b4e9', '#e69f00', '#1fbf92', '#e38cbc', '#f0e442', '#e8703a', '#b9b9b9'],
  light: ['#0072b2', '#b05a00', '#1f9150', '#b0307f', '#3d3d3d', '#7a1f00', '#6a5d00'],
} as const;

/** Line patterns in CSS pixels: what a second thing is told apart by, and colours that come round again. */
export const dashes: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [9, 3, 2, 3], [4, 2, 4, 6]];

export type Look = { readonly colour: string; readonly dash: readonly number[] };

/** The look of line `hue` in the page's theme; `pattern` tells apart lines of one hue. */
export function look(hue: number, pattern: number): Look {
  const palette = palettes[isLight(document.body.className) ? 'light' : 'dark'];
  const round = Math.floor(hue / palette.length);
  return { colour: palette[hue % palette.length], dash: dashes[(pattern + round) % dashes.length] };
}

/** VS Code names the kind of its theme on the body; light high contrast is a kind of its own. */
function isLight(bodyClass: string): boolean {
  return /\bvscode-(light|high-contrast-light)\b/.test(bodyClass);
}
