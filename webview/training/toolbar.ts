import type { RunChoice } from '../../src/protocol';
import { element } from '../shared/dom';
import type { ClassChoice } from './figures';

export interface ToolbarListener {
  smooth(memory: number): void;
  log(on: boolean): void;
  classes(choice: ClassChoice): void;
  /** Whoever compares needs to know the runs there are. */
  askRuns(): void;
  compare(choice: RunChoice, on: boolean): void;
  wholeRun(): void;
  save(kind: 'png' | 'csv'): void;
}

/** How the curves are shown, and what else is to be done with them. */
export class Toolbar {
  readonly root: HTMLElement;
  private readonly smoothing = element('input', { type: 'range', min: 0, max: 0.98, step: 0.02 });
  private readonly log = element('input', { type: 'checkbox' });
  private readonly classes = element('select', {});
  private readonly classField = element('label', { hidden: true }, 'Classes ', this.classes);
  private readonly whole = element('button', { type: 'button', hidden: true }, 'Whole run');
  private readonly compare = element('button', { type: 'button', 'aria-expanded': 'false' }, 'Compare…');
  private readonly list = element('fieldset', { class: 'runs', hidden: true });
  private names: string | null = null;

  constructor(private readonly listener: ToolbarListener) {
    const png = element('button', { type: 'button', title: 'Save the figures as a picture' }, 'PNG');
    const csv = element('button', { type: 'button', title: 'Save every point as a table' }, 'CSV');
    this.smoothing.addEventListener('input', () => listener.smooth(Number(this.smoothing.value)));
    this.log.addEventListener('change', () => listener.log(this.log.checked));
    this.classes.addEventListener('change', () => listener.classes(choiceOf(this.classes.value)));
    this.whole.addEventListener('click', () => listener.wholeRun());
    this.compare.addEventListener('click', () => this.openList(this.list.hasAttribute('hidden')));
    png.addEventListener('click', () => listener.save('png'));
    csv.addEventListener('click', () => listener.save('csv'));
    this.root = element(
      'div',
      { class: 'tools' },
      element(
        'div',
        { class: 'line', role: 'group', 'aria-label': 'How curves are shown' },
        element('label', {}, 'Smoothing ', this.smoothing),
        element('label', {}, this.log, ' Log scale'),
        this.classField,
        this.whole,
        element('span', { class: 'space' }),
        this.compare,
        png,
        csv,
      ),
      this.list,
    );
  }

  show(state: { smoothing: number; log: boolean; zoomed: boolean; classes: readonly string[] }): void {
    this.smoothing.value = String(state.smoothing);
    this.smoothing.setAttribute('aria-valuetext', state.smoothing === 0 ? 'none' : String(state.smoothing));
    this.log.checked = state.log;
    this.whole.hidden = !state.zoomed;
    this.classField.hidden = state.classes.length === 0;
    const names = state.classes.join('\n');
    if (names === this.names) return;
    this.names = names;
    const chosen = this.classes.value;
    const options = [
      ['mean', 'mean over cases'],
      ['every', 'every class'],
      ...state.classes.map((name) => [`class ${name}`, name]),
    ];
    this.classes.replaceChildren(...options.map(([value, text]) => element('option', { value }, text)));
    this.classes.value = options.some(([value]) => value === chosen) ? chosen : 'mean';
  }

  /** The runs that may be compared; those in `chosen` are shown already. */
  showRuns(runs: readonly RunChoice[], chosen: (run: string) => boolean, own: string): void {
    const others = runs.filter(({ run }) => run !== own);
    const legend = element('legend', {}, others.length > 0 ? 'Compare with' : 'There is no other run in this folder.');
    const entries = others.map((choice) => {
      const box = element('input', { type: 'checkbox', checked: chosen(choice.run) });
      box.addEventListener('change', () => this.listener.compare(choice, box.checked));
      return element('label', { title: choice.run }, box, ` ${choice.name}`);
    });
    this.list.replaceChildren(legend, ...entries);
  }

  private openList(open: boolean): void {
    this.list.hidden = !open;
    this.compare.setAttribute('aria-expanded', String(open));
    if (!open) return;
    this.list.replaceChildren(element('legend', {}, 'Looking for runs…'));
    this.listener.askRuns();
  }
}

function choiceOf(value: string): ClassChoice {
  return value === 'mean' || value === 'every'
    ? { kind: value }
    : { kind: 'class', name: value.slice('class '.length) };
}
