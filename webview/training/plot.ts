import uPlot from 'uplot';
import { element } from '../shared/dom';
import { isHighContrast, theme } from '../shared/theme';

export interface Line {
  label: string;
  colour: string;
  /** In CSS pixels. */
  width: number;
  dots: boolean;
}

const height = 170;
const leastWidth = 200;

/** One diagram over training steps, as wide as its place, in the colours of the theme. */
export class Plot {
  readonly root: HTMLElement;
  private readonly place = element('div', { class: 'place' });
  private readonly resizes = new ResizeObserver(() => this.fit());
  private plot: uPlot | null = null;
  private drawn = '';

  constructor(
    title: string,
    private readonly range: uPlot.Range.MinMax | null,
  ) {
    this.root = element('figure', {}, element('figcaption', {}, title), this.place);
    this.resizes.observe(this.place);
  }

  /** Shows the data; a diagram whose lines or colours have changed is made anew. */
  show(lines: Line[], data: uPlot.AlignedData): void {
    const look = JSON.stringify([lines, axisColours()]);
    if (this.plot && look === this.drawn) {
      this.plot.setData(data);
    } else {
      this.plot?.destroy();
      this.drawn = look;
      this.plot = new uPlot(this.options(lines), data, this.place);
    }
    // Until somebody points at a step, the legend tells the latest values.
    if (this.plot.cursor.idx == null && data[0].length > 0) this.plot.setLegend({ idx: data[0].length - 1 }, false);
  }

  dispose(): void {
    this.resizes.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  private fit(): void {
    this.plot?.setSize({ width: this.width(), height });
  }

  private width(): number {
    return Math.max(leastWidth, Math.floor(this.place.clientWidth));
  }

  private options(lines: Line[]): uPlot.Options {
    const { text, grid, font } = axisColours();
    const axis: uPlot.Axis = { stroke: text, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    return {
      width: this.width(),
      height,
      scales: { x: { time: false }, y: this.range ? { range: this.range } : {} },
      axes: [
        { ...axis, size: 24, space: 60 },
        { ...axis, size: 44, space: 28 },
      ],
      series: [
        { label: 'step', value: (_plot, step) => (step === null ? '–' : String(step)) },
        ...lines.map(({ label, colour, width, dots }) => ({
          label,
          stroke: colour,
          width,
          spanGaps: true,
          points: { show: dots, size: 5, fill: colour },
          value: (_plot: uPlot, value: number | null) => (value === null ? '–' : value.toFixed(3)),
        })),
      ],
      cursor: { drag: { x: false, y: false }, points: { size: 7 } },
      legend: { live: true },
    };
  }
}

function axisColours(): { text: string; grid: string; font: string } {
  const text = theme(isHighContrast() ? 'foreground' : 'descriptionForeground', '#888888');
  const family = theme('font-family', 'sans-serif');
  return { text, grid: `color-mix(in srgb, ${text} 22%, transparent)`, font: `11px ${family}` };
}
