import type { RunStatus, RunSummary } from '../../src/protocol';
import { element } from '../shared/dom';
import { onThemeChange, theme } from '../shared/theme';
import { diceData, lossData } from './curves';
import type { TrainingEvent, TrainingRequest } from './messages';
import { type Line, Plot } from './plot';

const statusText: Record<RunStatus, string> = {
  starting: 'Starting',
  running: 'Training',
  done: 'Done',
  stopped: 'Stopped',
  failed: 'Failed',
};
const palette = [
  ['charts-blue', '#3794ff'],
  ['charts-orange', '#d18616'],
  ['charts-green', '#89d185'],
  ['charts-purple', '#b180d7'],
  ['charts-red', '#f14c4c'],
  ['charts-yellow', '#cca700'],
] as const;

/** A run: how far it is, its curves, a button that stops it. */
export class TrainingView {
  readonly root: HTMLElement;
  private readonly status = element('span', { class: 'badge', role: 'status' });
  private readonly progress = element('progress', { max: 1, 'aria-label': 'Epochs done' });
  private readonly figures = element('span', { class: 'figures' });
  private readonly stop = element('button', { type: 'button' }, 'Stop');
  private readonly error = element('div', { class: 'error', role: 'alert', hidden: true });
  private readonly loss = new Plot('Training loss', null);
  private readonly dice = new Plot('Validation Dice', [0, 1]);
  private readonly themes = onThemeChange(() => this.draw());
  private frame = 0;
  private live = false;

  constructor(
    readonly viewId: string,
    private summary: RunSummary,
    post: (request: TrainingRequest) => void,
  ) {
    const title = element('strong', { class: 'title', title: summary.run }, summary.name);
    this.root = element(
      'section',
      { class: 'med-sa-training', 'aria-label': `Training run ${summary.name}` },
      element('div', { class: 'line' }, title, this.status, this.progress, this.figures, this.stop),
      this.error,
      element('div', { class: 'plots' }, this.loss.root, this.dice.root),
    );
    this.stop.addEventListener('click', () => {
      this.setStopping(true);
      post({ type: 'training/stop', viewId, run: this.summary.run });
    });
    // Keys on the button are the button's: the notebook would take Enter as "edit the cell".
    this.root.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' || event.key === ' ') event.stopPropagation();
    });
    this.draw();
    post({ type: 'training/attach', viewId, run: summary.run });
  }

  get run(): string {
    return this.summary.run;
  }

  receive(event: TrainingEvent): void {
    if (event.type === 'training/error') {
      this.fail(event.message);
      this.setStopping(false);
      return;
    }
    this.fail(null);
    this.live = true;
    this.show(event.summary);
  }

  /** What the notebook holds; once the kernel tells, that is never older. */
  showSaved(summary: RunSummary): void {
    if (!this.live) this.show(summary);
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.themes.dispose();
    this.loss.dispose();
    this.dice.dispose();
    this.root.remove();
  }

  private show(summary: RunSummary): void {
    this.summary = summary;
    this.draw();
  }

  private draw(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  private paint(): void {
    const { status, message, epoch, epochs, bestDice, loss, dice } = this.summary;
    this.status.textContent = statusText[status];
    this.status.dataset['status'] = status;
    this.progress.max = Math.max(1, epochs);
    this.progress.value = epoch;
    const best = bestDice === null ? [] : [`best Dice ${bestDice.toFixed(3)}`];
    this.figures.textContent = [`epoch ${epoch} of ${epochs}`, ...best].join(' · ');
    this.stop.hidden = !isUnderWay(this.summary);
    if (status === 'failed') this.fail(message ?? 'The run failed; its folder holds the log.');

    this.loss.show(lossLines(), lossData(loss));
    const { names, data } = diceData(dice);
    this.dice.show(diceLines(names), data);
  }

  private setStopping(stopping: boolean): void {
    this.stop.disabled = stopping;
    this.stop.textContent = stopping ? 'Stopping…' : 'Stop';
  }

  private fail(message: string | null): void {
    this.error.hidden = message === null;
    this.error.textContent = message;
  }
}

function isUnderWay({ status }: RunSummary): boolean {
  return status === 'starting' || status === 'running';
}

function paletteColour(index: number): string {
  const [name, fallback] = palette[index % palette.length];
  return theme(name, fallback);
}

function lossLines(): Line[] {
  const colour = paletteColour(0);
  const pale = `color-mix(in srgb, ${colour} 35%, transparent)`;
  return [
    { label: 'loss', colour: pale, width: 1, dots: false },
    { label: 'average', colour, width: 2, dots: false },
  ];
}

function diceLines(names: string[]): Line[] {
  return names.map((label, index) => ({
    label,
    colour: paletteColour(index),
    width: 2,
    dots: true,
  }));
}
