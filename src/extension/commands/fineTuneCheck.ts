import * as vscode from 'vscode';
import type { FineTuneChoices, RunForecast } from '../../protocol';
import { forecastLine, learnerLine, learningLine, thriftText } from '../forecastText';
import { t } from '../l10n';
import { type Answer, ask, type Choice, type Place } from './steps';

type Settings = Pick<FineTuneChoices, 'recompute' | 'accumulate'>;
type Action = { do: 'start' } | { do: 'again' } | { do: 'try'; settings: Settings } | { do: 'nothing' };

export interface Checked {
  /** What the memory of this machine asked for. */
  readonly settings: Settings;
}

/**
 * The last step: what the run would take, measured, and the start. Who does not want to wait starts without it.
 * @param forecast measures; leaving the step cancels it
 */
export function askStart(
  place: Place,
  epochs: number,
  forecast: (settings: Settings, token: vscode.CancellationToken) => Promise<RunForecast>,
): Promise<Answer<Checked>> {
  const input = vscode.window.createQuickPick<Choice<Action>>();
  let settings: Settings = {};
  let cancel = new vscode.CancellationTokenSource();
  const measure = async (): Promise<void> => {
    cancel.cancel();
    const mine = (cancel = new vscode.CancellationTokenSource());
    const show = (placeholder: string, items: Choice<Action>[], busy = false): void => {
      if (mine.token.isCancellationRequested) return;
      Object.assign(input, { placeholder, items, busy });
    };
    show(t('Measuring a training step on this machine…'), [startItem(t('without waiting for the measurement'))], true);
    try {
      const found = await forecast(settings, mine.token);
      show(
        found.memory.fits ? t('Start the fine-tune?') : t('This run does not fit into memory.'),
        itemsOf(found, epochs),
      );
    } catch (error) {
      show(t('This run cannot start.'), problemItems(error instanceof Error ? error.message : String(error)));
    }
  };
  void measure();
  return ask<Checked, vscode.QuickPick<Choice<Action>>>(input, place, (answer) => {
    const chosen = input.selectedItems[0]?.value ?? { do: 'nothing' };
    if (chosen.do === 'start') answer({ settings });
    if (chosen.do === 'try') settings = { ...settings, ...chosen.settings };
    if (chosen.do === 'try' || chosen.do === 'again') void measure();
  }).finally(() => cancel.cancel());
}

const startItem = (detail: string): Choice<Action> => ({
  label: `$(play) ${t('Start')}`,
  detail,
  value: { do: 'start' },
  alwaysShow: true,
});

const note = (label: string, detail: string): Choice<Action> => ({ label, detail, value: { do: 'nothing' } });

function itemsOf(found: RunForecast, epochs: number): Choice<Action>[] {
  const { memory, notes } = found;
  const about = [
    note(`$(database) ${t('Learns from')}`, learningLine(found, t)),
    note(`$(mortar-board) ${t('What learns')}`, learnerLine(found, t)),
    ...notes.map((text) => note(`$(chip) ${t('Not on a faster device')}`, text)),
  ];
  if (memory.fits) return [startItem(forecastLine(found, epochs, t)), ...about];
  const line = forecastLine(found, epochs, t);
  if (memory.instead === null) {
    return [
      note(`$(error) ${t('Too large for this machine')}`, t('{0}: go back and take a smaller model', line)),
      ...about,
    ];
  }
  return [
    note(`$(warning) ${t('Too large as it is')}`, line),
    {
      label: `$(lightbulb) ${t('Use less memory')}`,
      detail: thriftText(memory.instead, t),
      value: { do: 'try', settings: memory.instead },
    },
    ...about,
  ];
}

const problemItems = (message: string): Choice<Action>[] => [
  { label: `$(refresh) ${t('Try again')}`, detail: message, value: { do: 'again' }, alwaysShow: true },
];
