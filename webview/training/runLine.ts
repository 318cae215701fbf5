import type { RunStatus, RunSummary } from '../../src/protocol';
import { element } from '../shared/dom';
import { durationText, numberText } from './numberText';

const statusText: Record<RunStatus, string> = {
  starting: 'Starting',
  running: 'Training',
  done: 'Done',
  stopped: 'Stopped',
  failed: 'Failed',
  stale: 'Stale',
};

/** What is known of a run: how far it is, how fast it goes, how it ended, and a button that stops it or goes on with it. */
export class RunLine {
  readonly root: HTMLElement;
  private readonly status = element('span', { class: 'badge', role: 'status' });
  private readonly progress = element('progress', { max: 1, 'aria-label': 'Epochs done' });
  private readonly figures = element('span', { class: 'figures' });
  private readonly stop: AskingButton;
  private readonly resume: AskingButton;
  private readonly note = element('div', { class: 'note', hidden: true });

  constructor(name: string, run: string, listener: { stop(): void; resume(): void; remove: (() => void) | null }) {
    this.stop = new AskingButton('Stop', 'Stopping…', name, () => listener.stop());
    this.resume = new AskingButton('Resume', 'Resuming…', name, () => listener.resume());
    const line = element(
      'div',
      { class: 'line' },
      element('strong', { class: 'title', title: run }, name),
      this.status,
      this.progress,
      this.figures,
      element('span', { class: 'space' }),
      this.stop.root,
      this.resume.root,
    );
    if (listener.remove) {
      const remove = element(
        'button',
        { type: 'button', 'aria-label': `Take ${name} out of the comparison` },
        'Remove',
      );
      remove.addEventListener('click', listener.remove);
      line.append(remove);
    }
    this.root = element('div', { class: 'run' }, line, this.note);
  }

  /** `failure`: of what was told since, that keeps the line from being true. */
  show(summary: RunSummary, failure: string | null): void {
    const { status, message, epoch, epochs } = summary;
    const underWay = status === 'starting' || status === 'running';
    this.status.textContent = statusText[status];
    this.status.dataset['status'] = status;
    this.progress.max = Math.max(1, epochs);
    this.progress.value = epoch;
    this.progress.hidden = !underWay;
    this.figures.textContent = figuresText(summary);
    this.stop.show(underWay);
    this.resume.show(!underWay && status !== 'done');
    const failed = status === 'failed' || status === 'stale';
    const ended = message ?? (failed ? 'The run failed; its folder holds the log.' : null);
    this.tell(failure ?? ended, failed || failure !== null);
  }

  /** What keeps the line from being true: no kernel, no folder. */
  fail(message: string): void {
    this.stop.answered();
    this.resume.answered();
    this.tell(message, true);
  }

  private tell(message: string | null, wrong: boolean): void {
    this.note.hidden = message === null;
    this.note.classList.toggle('error', wrong);
    if (wrong) this.note.setAttribute('role', 'alert');
    else this.note.removeAttribute('role');
    // The same text again would be read out again.
    if (this.note.textContent !== (message ?? '')) this.note.textContent = message;
  }
}

/** A button that asks once, and says that it has asked until that is answered: it is hidden then, or shown anew. */
class AskingButton {
  readonly root = element('button', { type: 'button', hidden: true });

  constructor(
    private readonly text: string,
    asking: string,
    name: string,
    ask: () => void,
  ) {
    this.root.setAttribute('aria-label', `${text} ${name}`);
    this.root.addEventListener('click', () => {
      this.root.disabled = true;
      this.root.textContent = asking;
      ask();
    });
    this.answered();
  }

  show(shown: boolean): void {
    this.root.hidden = !shown;
    if (!shown) this.answered();
  }

  answered(): void {
    this.root.disabled = false;
    this.root.textContent = this.text;
  }
}

function figuresText({ epoch, epochs, bestDice, pace, status }: RunSummary): string {
  const texts = [`epoch ${epoch} of ${epochs}`];
  if (pace) texts.push(`step ${pace.step}`);
  if (bestDice !== null) texts.push(`best Dice ${bestDice.toFixed(3)}`);
  if (pace && status === 'running') {
    if (pace.imagesPerSecond !== null)
      texts.push(`${numberText(Number(pace.imagesPerSecond.toPrecision(2)))} images/s`);
    if (pace.secondsLeft !== null) texts.push(`${durationText(pace.secondsLeft)} left`);
  } else if (pace && pace.secondsWorked > 0) {
    texts.push(`took ${durationText(pace.secondsWorked)}`);
  }
  if (pace?.device) texts.push(pace.device);
  return texts.join(' · ');
}
