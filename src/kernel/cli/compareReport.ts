import type { RunEvent } from '../../protocol';
import type { Place, RowState } from '../training/compare';
import { rows } from '../training/compareRows';
import type { Output } from './output';

const told: Readonly<Record<RowState, string>> = {
  finished: 'is there already',
  trains: 'is trained',
  resumes: 'goes on',
  measures: 'is measured',
};

/** Tells how far a comparison has come: a line for each row, and a bar within it. Epochs are in the runs' own logs. */
export class CompareReport {
  private epochs = 0;
  private dice: number | null = null;

  constructor(private readonly output: Output) {}

  readonly row = ({ row, seed }: Place, state: RowState, position: string): void => {
    const under = seed === null ? '' : `, seed ${seed}`;
    this.dice = null;
    this.output.line(`[${position}] ${rows[row].title}${under}: ${told[state]}`);
  };

  readonly event = (event: RunEvent): void => {
    if (event.type === 'start') this.epochs = event.epochs;
    if (event.type === 'validation') {
      const values = Object.values(event.metrics).map(({ dice }) => dice);
      this.dice = values.reduce((sum, value) => sum + value, 0) / values.length;
    }
    if (event.type !== 'step') return;
    const dice = this.dice === null ? '' : `, Dice ${this.dice.toFixed(3)}`;
    this.output.progress(`epochs, loss ${event.loss.toFixed(3)}${dice}`, event.epoch - 1, this.epochs);
  };

  /** What is being waited for before a row is trained, as "reading images 3/24". */
  readonly waiting = (message: string): void => {
    const [, what, done, total] = /^(.*) (\d+)\/(\d+)$/.exec(message) ?? [];
    if (what === undefined) this.output.note(message);
    else this.output.progress(what, Number(done), Number(total));
  };
}
