import { element } from '../shared/dom';
import type { StepRange } from './downsample';
import type { Figure } from './figures';
import { Legend, valueText } from './legend';
import { Plot, type PlotListener, type PlotView } from './plot';

export interface FigureListener extends PlotListener {
  toggled(line: Figure['lines'][number]): void;
}

/** A figure: its drawing, which keys read out step by step, and its legend. */
export class FigureView {
  readonly root: HTMLElement;
  readonly plot: Plot;
  readonly legend: Legend;
  private readonly title = element('figcaption', {});
  private figure: Figure | null = null;
  private view: PlotView | null = null;
  private pointed: number | null = null;
  private drawn = '';

  constructor(private readonly listener: FigureListener) {
    this.plot = new Plot(listener);
    this.legend = new Legend((line) => listener.toggled(line));
    const attributes = { tabindex: 0, role: 'slider', 'aria-orientation': 'horizontal' };
    for (const [name, value] of Object.entries(attributes)) this.plot.root.setAttribute(name, String(value));
    this.plot.root.addEventListener('keydown', (event) => this.key(event));
    this.plot.root.addEventListener('blur', () => listener.pointed(null));
    this.root = element('figure', {}, this.title, this.plot.root, this.legend.root);
  }

  get shown(): Figure | null {
    return this.figure;
  }

  /** `stamp`: what the figure was drawn from; the same again draws nothing. */
  show(figure: Figure, view: PlotView, stamp: string): void {
    if (stamp === this.drawn) return;
    this.drawn = stamp;
    this.figure = figure;
    this.view = view;
    this.title.textContent = figure.title;
    this.root.dataset['figure'] = figure.id;
    this.plot.root.setAttribute('aria-label', figure.title);
    this.plot.show(figure, view);
    this.legend.show(figure.lines, (line) => view.isHidden(line));
    this.tell();
    // What is drawn anew has lost its cursor.
    if (this.pointed !== null) this.plot.point(this.pointed);
  }

  /** Shows the values at a step that somebody points at in this figure or in another. */
  point(step: number | null, origin: FigureView | null): void {
    this.pointed = step;
    this.tell();
    if (origin !== this) this.plot.point(step);
  }

  dispose(): void {
    this.plot.dispose();
  }

  private tell(): void {
    if (!this.figure || !this.view) return;
    const { view, figure, pointed } = this;
    this.legend.tell(figure.lines, pointed);
    const visible = figure.lines.filter((line) => !view.isHidden(line));
    const values = visible.map((line) => `${line.label} ${valueText(line, pointed)}`);
    const { range } = view;
    const { root } = this.plot;
    root.setAttribute('aria-valuemin', String(range.from));
    root.setAttribute('aria-valuemax', String(range.to));
    root.setAttribute('aria-valuenow', String(pointed ?? range.to));
    root.setAttribute(
      'aria-valuetext',
      `${pointed === null ? 'latest' : `step ${pointed}`}: ${values.join(', ') || 'nothing yet'}`,
    );
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = this.stepFor(event.key, event.shiftKey);
    if (move !== undefined) this.listener.pointed(move);
    else if (event.key === 'Escape' && this.pointed !== null) this.listener.pointed(null);
    else if (event.key === '+' || event.key === '-' || event.key === '0') this.listener.zoomed(this.zoomFor(event.key));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** The drawn step that a key leads to; undefined: the key leads nowhere. */
  private stepFor(key: string, far: boolean): number | null | undefined {
    const { steps } = this.plot;
    const present = this.pointed === null ? steps.length : steps.findIndex((step) => step >= (this.pointed ?? 0));
    const stride = far ? Math.max(1, Math.round(steps.length / 20)) : 1;
    const target = { ArrowLeft: present - stride, ArrowRight: present + stride, Home: 0, End: steps.length - 1 }[key];
    if (target === undefined || steps.length === 0) return undefined;
    return steps[Math.max(0, Math.min(steps.length - 1, target))];
  }

  private zoomFor(key: '+' | '-' | '0'): StepRange | null {
    const range = this.view?.range;
    if (!range || key === '0') return null;
    const centre = this.pointed ?? (range.from + range.to) / 2;
    const factor = key === '+' ? 0.5 : 2;
    const from = Math.round(centre - (centre - range.from) * factor);
    const to = Math.round(centre + (range.to - centre) * factor);
    return to - from < 2 ? range : { from, to };
  }
}
