import type { CurvesState, RunChoice, RunSummary, TrainingEvent } from '../../src/protocol';
import { element } from '../shared/dom';
import { onThemeChange } from '../shared/theme';
import { Throttle } from '../shared/throttle';
import { ComparedRun } from './comparedRun';
import { csvOf } from './csv';
import type { StepRange } from './downsample';
import { type ClassChoice, classesOf, type Figure, figuresOf, type Line } from './figures';
import { FigureView } from './figureView';
import type { CurvesHost } from './host';
import { pictureOf } from './picture';
import { Toolbar } from './toolbar';

/** Ten pictures a second, however fast events come. */
const paintEveryMs = 100;

/** Runs, how far they are, and their curves: in a notebook's output and in a panel alike. */
export class CurvesView {
  readonly root: HTMLElement;
  private readonly lines = element('div', { class: 'lines' });
  private readonly plots = element('div', { class: 'plots' });
  private readonly failure = element('div', { class: 'note error', role: 'alert', hidden: true });
  private readonly toolbar: Toolbar;
  private readonly runs: ComparedRun[] = [];
  private readonly figures = new Map<Figure['id'], FigureView>();
  private readonly toggled = new Set<string>();
  private readonly painting = new Throttle(paintEveryMs, () => this.paint());
  private readonly themes = onThemeChange(() => {
    this.looks++;
    this.painting.request();
  });
  private classes: ClassChoice = { kind: 'mean' };
  private zoom: StepRange | null = null;
  private smoothing: number;
  private log: boolean;
  private looks = 0;
  private made = 0;

  /** @param viewId names this page's requests; each run in it has a name of its own that begins so. */
  constructor(
    private readonly viewId: string,
    state: CurvesState,
    private readonly host: CurvesHost,
  ) {
    this.smoothing = state.smoothing;
    this.log = state.log;
    this.toolbar = new Toolbar({
      smooth: (memory) => this.change(() => (this.smoothing = memory)),
      log: (on) => this.change(() => (this.log = on)),
      classes: (choice) => this.change(() => (this.classes = choice)),
      askRuns: () => host.post({ type: 'training/list', viewId, run: this.run }),
      compare: (choice, on) => this.compare(choice, on),
      wholeRun: () => this.change(() => (this.zoom = null)),
      save: (kind) => void this.save(kind),
    });
    for (const run of state.runs) this.add(run);
    this.root = element(
      'section',
      { class: 'med-sa-training', 'aria-label': `Training run ${this.runs[0].name}` },
      this.lines,
      this.failure,
      this.toolbar.root,
      this.plots,
    );
    // Keys on a control are the control's: the notebook would take Enter as "edit the cell", and arrows as the next one.
    this.root.addEventListener('keydown', (event) => {
      if (/^(Enter| |Arrow.*|Home|End|Page.*)$/.test(event.key)) event.stopPropagation();
    });
  }

  /** Absolute path of the run that the page is about. */
  get run(): string {
    return this.runs[0].run;
  }

  attach(): void {
    for (const run of this.runs) run.attach();
    this.painting.request();
  }

  showSaved(summary: RunSummary): void {
    this.change(() => this.runs[0].showSaved(summary));
  }

  /** @returns whether the event was for this page. */
  receive(event: TrainingEvent): boolean {
    const run = this.runs.find(({ viewId }) => viewId === event.viewId);
    if (!run) return false;
    if (event.type === 'training/runs') {
      this.toolbar.showRuns(event.runs, (folder) => this.runs.some((shown) => shown.run === folder), this.run);
    } else {
      run.receive(event);
      if (event.type !== 'training/error') this.painting.request();
    }
    return true;
  }

  dispose(): void {
    this.painting.dispose();
    this.themes.dispose();
    for (const run of this.runs) run.detach();
    for (const view of this.figures.values()) view.dispose();
    this.root.remove();
  }

  private add(folder: string): ComparedRun {
    const first = this.runs.length === 0;
    const viewId = first ? this.viewId : `${this.viewId}+${++this.made}`;
    const run: ComparedRun = new ComparedRun(viewId, folder, this.host, first ? null : () => this.remove(run));
    this.runs.push(run);
    this.lines.append(run.line.root);
    return run;
  }

  private compare({ run: folder }: RunChoice, on: boolean): void {
    const present = this.runs.find(({ run }) => run === folder);
    if (on && !present) this.change(() => this.add(folder).attach());
    if (!on && present) this.remove(present);
  }

  private remove(run: ComparedRun): void {
    run.detach();
    run.line.root.remove();
    this.change(() => this.runs.splice(this.runs.indexOf(run), 1));
    if (!this.root.querySelector('.runs')?.hasAttribute('hidden'))
      this.host.post({ type: 'training/list', viewId: this.viewId, run: this.run });
  }

  private change(make: () => void): void {
    make();
    const runs = this.runs.map(({ run }) => run);
    this.host.remember({ runs, smoothing: this.smoothing, log: this.log });
    this.painting.request();
  }

  private readonly isHidden = (line: Line): boolean => this.toggled.has(line.id) !== line.extra;

  private toggle(line: Line): void {
    this.change(() => (this.toggled.has(line.id) ? this.toggled.delete(line.id) : this.toggled.add(line.id)));
  }

  private paint(): void {
    for (const run of this.runs) run.paint();
    const classes = classesOf(this.runs);
    if (classes.length === 0) this.classes = { kind: 'mean' };
    const figures = figuresOf(this.runs, { smoothing: this.smoothing, classes: this.classes });
    const range = this.zoom ?? wholeRange(figures);
    const { smoothing, log, zoom } = this;
    this.toolbar.show({ smoothing, log, zoomed: zoom !== null, classes });
    const view = { range, log, isHidden: this.isHidden };
    const versions = this.runs.map(({ run, curves }) => [run, curves.version]);
    const common = [versions, range, log, smoothing, this.classes, [...this.toggled], this.looks];
    for (const figure of figures) {
      const shown = this.figureView(figure.id);
      shown.show(figure, view, JSON.stringify([...common, shown.plot.width]));
    }
    for (const [id, shown] of this.figures) shown.root.hidden = !figures.some((figure) => figure.id === id);
  }

  private figureView(id: Figure['id']): FigureView {
    let view = this.figures.get(id);
    if (view) return view;
    const made: FigureView = new FigureView({
      pointed: (step) => this.figures.forEach((each) => each.point(step, made)),
      zoomed: (range) => this.change(() => (this.zoom = range)),
      resized: () => this.painting.request(),
      toggled: (line) => this.toggle(line),
    });
    view = made;
    this.figures.set(id, view);
    this.plots.append(view.root);
    return view;
  }

  private async save(kind: 'png' | 'csv'): Promise<void> {
    this.failure.hidden = true;
    try {
      const title = this.runs.map(({ name }) => name).join(', ');
      const shown = [...this.figures.values()].filter(({ root }) => !root.hidden);
      const content =
        kind === 'csv'
          ? new Blob([csvOf(this.runs)], { type: 'text/csv' })
          : await pictureOf(title, shown, this.isHidden);
      this.host.save(`${this.runs[0].name}.${kind}`, content);
    } catch (error) {
      this.failure.hidden = false;
      this.failure.textContent = error instanceof Error ? error.message : String(error);
    }
  }
}

/** From the first step of any figure to the last. */
function wholeRange(figures: readonly Figure[]): StepRange {
  const all = figures.flatMap(({ lines }) => lines.map(({ points }) => points).filter(({ length }) => length > 0));
  const to = Math.max(1, ...all.map((points) => points.step(points.length - 1)));
  return { from: Math.min(to, ...all.map((points) => points.step(0))), to };
}
