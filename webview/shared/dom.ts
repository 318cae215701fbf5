// Elements without markup strings: whatever a file or the kernel says becomes text, never HTML.

type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Creates an element. `true` sets an attribute without a value, `false` leaves it out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

const svgNamespace = 'http://www.w3.org/2000/svg';

/** A 16 × 16 line drawing in the colour of the text beside it; hidden from screen readers. */
export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS(svgNamespace, 'svg');
  setAttributes(svg, { viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true' });
  const line = document.createElementNS(svgNamespace, 'path');
  setAttributes(line, {
    d: path,
    fill: 'none',
    stroke: 'currentColor',
    'stroke-width': 1.5,
    'stroke-linecap': 'round',
  });
  svg.append(line);
  return svg;
}

/** Puts a style sheet into the page, once. A panel's policy takes only one that carries the nonce of its script. */
export function addStyles(id: string, css: string): void {
  if (document.getElementById(id)) return;
  const nonce = document.querySelector<HTMLElement>('script[nonce]')?.nonce ?? '';
  document.head.append(element('style', nonce === '' ? { id } : { id, nonce }, css));
}

function setAttributes(target: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) target.setAttribute(name, value === true ? '' : String(value));
  }
}
