import { element } from '../shared/dom';
import { look } from './colours';
import type { Line } from './figures';
import { numberText } from './numberText';

const svg = 'http://www.w3.org/2000/svg';

interface Entry {
  readonly button: HTMLButtonElement;
  readonly value: HTMLElement;
  readonly swatch: SVGLineElement;
}

/** The lines of a figure: what each looks like, its value where somebody points, and a click that hides it. */
export class Legend {
  readonly root = element('div', { class: 'legend' });
  private readonly step = element('span', { class: 'step' });
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly toggle: (line: Line) => void) {
    this.root.append(this.step);
  }

  /** Makes the entries fit the lines. */
  show(lines: readonly Line[], isHidden: (line: Line) => boolean): void {
    const ids = new Set(lines.map(({ id }) => id));
    for (const [id, { button }] of this.entries) {
      if (ids.has(id)) continue;
      button.remove();
      this.entries.delete(id);
    }
    for (const line of lines) {
      const { button, swatch } = this.entry(line);
      const { colour, dash } = look(line.hue, line.pattern);
      swatch.setAttribute('stroke', colour);
      swatch.setAttribute('stroke-dasharray', dash.join(' '));
      button.setAttribute('aria-pressed', String(!isHidden(line)));
    }
  }

  /** Values at a step; null: the latest. */
  tell(lines: readonly Line[], step: number | null): void {
    this.step.textContent = step === null ? 'latest' : `step ${step}`;
    for (const line of lines) {
      const entry = this.entries.get(line.id);
      if (entry) entry.value.textContent = valueText(line, step);
    }
  }

  private entry(line: Line): Entry {
    let entry = this.entries.get(line.id);
    if (entry) return entry;
    const swatch = document.createElementNS(svg, 'line');
    const attributes = { x1: 0, y1: 5, x2: 22, y2: 5, 'stroke-width': 2.5 };
    for (const [name, value] of Object.entries(attributes)) swatch.setAttribute(name, String(value));
    const drawing = document.createElementNS(svg, 'svg');
    drawing.setAttribute('width', '22');
    drawing.setAttribute('height', '10');
    drawing.setAttribute('aria-hidden', 'true');
    drawing.append(swatch);
    const value = element('span', { class: 'value' });
    const name = element('span', { class: 'name' }, line.label);
    const button = element(
      'button',
      { type: 'button', title: `Show or hide ${line.label}` },
      drawing,
      name,
      ' ',
      value,
    );
    button.addEventListener('click', () => this.toggle(line));
    this.root.append(button);
    this.entries.set(line.id, (entry = { button, value, swatch }));
    return entry;
  }
}

/** The value of a line at a step, or its latest one. */
export function valueText({ points, average }: Line, step: number | null): string {
  const at = (of: typeof points) => of.valueAt(step ?? Infinity);
  const value = at(points);
  if (value === null) return '–';
  const mean = average === null ? null : at(average);
  return mean === null ? numberText(value) : `${numberText(mean)} (${numberText(value)})`;
}
