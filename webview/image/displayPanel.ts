import { element } from '../shared/dom';
import { section, slider } from './controls';
import { radiusLimits, type Settings } from './settings';
import { levelOf, windowOf } from './windowing';

export interface DisplayHandlers {
  opacity(value: number): void;
  radius(value: number): void;
  window(window: { low: number; high: number }): void;
}

/** How masks and intensities are drawn: opacity, brush, level and width. */
export class DisplayPanel {
  readonly root: HTMLElement;
  private readonly opacity: ReturnType<typeof slider>;
  private readonly radius: ReturnType<typeof slider>;
  private readonly level = numberField('Level');
  private readonly width = numberField('Width');

  constructor(handlers: DisplayHandlers) {
    this.opacity = slider('Opacity', { min: 0, max: 1, step: 0.05 }, handlers.opacity);
    // The slider's middle is a small brush: radii are felt as ratios.
    const { least, most } = radiusLimits;
    const range = { min: Math.log2(least), max: Math.log2(most), step: 0.1 };
    this.radius = slider('Radius', range, (value) => handlers.radius(Math.round(2 ** value * 2) / 2));
    const changed = () => {
      const [level, width] = [this.level, this.width].map(({ input }) => input.valueAsNumber);
      if (Number.isFinite(level) && width > 0) handlers.window(windowOf(level, width));
    };
    for (const { input } of [this.level, this.width]) input.addEventListener('change', changed);
    const numbers = element('div', { class: 'numbers' }, this.level.root, this.width.root);
    this.root = section('Display', [], this.opacity.root, this.radius.root, numbers);
  }

  update({ opacity, radius, tool, window }: Settings): void {
    this.opacity.set(opacity, `${Math.round(opacity * 100)} %`);
    this.radius.root.hidden = tool !== 'brush' && tool !== 'eraser';
    this.radius.set(Math.log2(radius), `${radius} px`);
    const { level, width } = levelOf(window);
    show(this.level.input, level);
    show(this.width.input, width);
  }
}

function numberField(name: string): { root: HTMLElement; input: HTMLInputElement } {
  const input = element('input', { type: 'number', step: 'any', 'aria-label': `Window ${name.toLowerCase()}` });
  return { root: element('label', { class: 'number' }, element('span', {}, name), input), input };
}

function show(input: HTMLInputElement, value: number): void {
  if (document.activeElement === input) return;
  input.value = String(Number(value.toPrecision(5)));
}
