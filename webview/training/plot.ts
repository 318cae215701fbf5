import uPlot from 'uplot';
import { element } from '../shared/dom';
import { isHighContrast, theme } from '../shared/theme';
import { type Look, look } from './colours';
import { aligned, pointsToDraw, type StepRange } from './downsample';
import type { Figure, Line } from './figures';
import { numberText } from './numberText';

export interface PlotView {
  readonly range: StepRange;
  readonly log: boolean;
  isHidden(line: Line): boolean;
}

export interface PlotListener {
  /** Somebody points at this step; null: at none any more. */
  pointed(step: number | null): void;
  /** Somebody chose a part of the run; null: all of it. */
  zoomed(range: StepRange | null): void;
  resized(): void;
}

const height = 180;
const leastWidth = 200;

/** The drawing of one figure over training steps, as wide as its place, in the colours of the theme. */
export class Plot {
  readonly root = element('div', { class: 'place' });
  private readonly resizes = new ResizeObserver(() => this.fit());
  private plot: uPlot | null = null;
  private made = '';
  private following = false;

  constructor(private readonly listener: PlotListener) {
    this.resizes.observe(this.root);
  }

  get canvas(): HTMLCanvasElement | null {
    return this.plot?.ctx.canvas ?? null;
  }

  /** Steps that are drawn. */
  get steps(): readonly number[] {
    return (this.plot?.data[0] ?? []) as number[];
  }

  /** Pixels across that curves have: so many stretches of the run are told apart. */
  get width(): number {
    return Math.max(leastWidth, Math.floor(this.root.clientWidth));
  }

  show(figure: Figure, view: PlotView): void {
    const lines = figure.lines
      .filter((line) => !view.isHidden(line))
      .map((line) => ({ line, look: look(line.hue, line.pattern) }));
    const strokes = lines.flatMap(({ line, look: { colour, dash } }) => strokesOf(line, colour, dash));
    const log = view.log && !figure.bounded;
    const curves = strokes.map(({ points }) => ({ points, indices: pointsToDraw(points, view.range, this.width) }));
    const data = aligned(curves, log);
    const made = JSON.stringify([
      lines.map(({ line, look: each }) => [line.id, each]),
      strokes.length,
      log,
      axisColours(),
    ]);
    if (!this.plot || made !== this.made) {
      this.plot?.destroy();
      this.made = made;
      this.plot = new uPlot(this.options(figure, strokes, log), data, this.root);
    } else {
      this.plot.setData(data, false);
    }
    this.plot.batch(() => {
      this.plot?.setScale('x', { min: view.range.from, max: Math.max(view.range.to, view.range.from + 1) });
      this.plot?.redraw(true, true);
    });
  }

  /** Moves the cursor to where another figure, or a key, points. */
  point(step: number | null): void {
    if (!this.plot) return;
    this.following = true;
    const left = step === null ? -10 : this.plot.valToPos(step, 'x');
    this.plot.setCursor({ left, top: step === null ? -10 : height / 3 });
    this.following = false;
  }

  dispose(): void {
    this.resizes.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  private fit(): void {
    if (this.plot && this.plot.width !== this.width) {
      this.plot.setSize({ width: this.width, height });
      this.listener.resized();
    }
  }

  private options(figure: Figure, strokes: readonly Stroke[], log: boolean): uPlot.Options {
    const { text, grid, font } = axisColours();
    const axis: uPlot.Axis = {
      stroke: text,
      font,
      grid: { stroke: grid, width: 1 },
      ticks: { show: false },
      values: (_plot, values) => values.map((value) => (value === null ? '' : numberText(value))),
    };
    const y: uPlot.Scale = figure.bounded ? { range: [0, 1] } : log ? { distr: 3 } : {};
    return {
      width: this.width,
      height,
      scales: { x: { time: false }, y },
      axes: [
        { ...axis, size: 24, space: 60 },
        { ...axis, size: 54, space: 28 },
      ],
      series: [{}, ...strokes.map(seriesOf)],
      cursor: {
        drag: { x: true, y: false, setScale: false },
        points: { size: 7 },
        bind: { dblclick: () => () => (this.listener.zoomed(null), null) },
      },
      legend: { show: false },
      hooks: {
        setCursor: [(plot) => this.tellCursor(plot)],
        setSelect: [(plot) => this.tellSelection(plot)],
      },
    };
  }

  private tellCursor(plot: uPlot): void {
    if (this.following) return;
    const { idx, left } = plot.cursor;
    this.listener.pointed(idx == null || left === undefined || left < 0 ? null : plot.data[0][idx]);
  }

  private tellSelection(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    const [from, to] = [left, left + width].map((at) => Math.round(plot.posToVal(at, 'x')));
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (to > from) this.listener.zoomed({ from, to });
  }
}

/** Something to draw: a curve, or what is behind an averaged one. */
interface Stroke {
  readonly points: Line['points'];
  readonly colour: string;
  readonly dash: Look['dash'];
  readonly width: number;
  readonly dots: boolean;
}

function strokesOf({ points, average, dots }: Line, colour: string, dash: Look['dash']): Stroke[] {
  const strong = { points: average ?? points, colour, dash, dots, width: 2 };
  if (average === null) return [strong];
  return [
    { points, colour: `color-mix(in srgb, ${colour} 35%, transparent)`, dash: [], dots: false, width: 1 },
    strong,
  ];
}

function seriesOf({ colour, dash, dots, width }: Stroke): uPlot.Series {
  const scale = devicePixelRatio;
  return {
    stroke: colour,
    width,
    dash: dash.map((length) => length * scale),
    spanGaps: true,
    // A single point would be no line.
    points: {
      show: (plot, index) => dots || isLonely(plot.data[index]),
      size: 5,
      fill: colour,
    },
  };
}

function isLonely(values: ArrayLike<number | null | undefined>): boolean {
  return Array.from(values).filter((value) => value !== null).length === 1;
}

function axisColours(): { text: string; grid: string; font: string } {
  const text = theme(isHighContrast() ? 'foreground' : 'descriptionForeground', '#888888');
  const family = theme('font-family', 'sans-serif');
  return { text, grid: `color-mix(in srgb, ${text} 22%, transparent)`, font: `11px ${family}` };
}
