import * as vscode from 'vscode';
import { t } from '../l10n';

/** One question; `undefined` is where the user left, `back` where they want the question before. */
export type Answer<T> = T | typeof back | undefined;
export const back = Symbol('back');

export interface Place {
  title: string;
  step: number;
  totalSteps: number;
}

export type Choice<T> = vscode.QuickPickItem & { value: T };

/** Asks for one of the choices. Enter takes the first one, or the first that `isDefault` holds of. */
export function pick<T>(
  place: Place,
  placeholder: string,
  choices: readonly Choice<T>[],
  isDefault: (value: T) => boolean = () => true,
): Promise<Answer<T>> {
  const input = vscode.window.createQuickPick<Choice<T>>();
  input.placeholder = placeholder;
  input.items = choices;
  input.matchOnDescription = true;
  input.activeItems = choices.filter(({ value, kind }) => kind === undefined && isDefault(value)).slice(0, 1);
  return ask<T, vscode.QuickPick<Choice<T>>>(input, place, (answer) => {
    const [selected] = input.selectedItems;
    if (selected) answer(selected.value);
  });
}

/** Asks for a whole number of at least 1. */
export function count(place: Place, prompt: string, value: number): Promise<Answer<number>> {
  const input = vscode.window.createInputBox();
  input.prompt = prompt;
  input.value = String(value);
  const valid = () => /^[1-9]\d{0,4}$/.test(input.value.trim());
  input.onDidChangeValue(() => (input.validationMessage = valid() ? undefined : t('A whole number of at least 1')));
  return ask<number, vscode.InputBox>(input, place, (answer) => {
    if (valid()) answer(Number(input.value));
  });
}

/** Shows that something is being waited for; leaving or going back gives it up. @throws what `work` throws */
export async function wait<T>(
  place: Place,
  text: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Answer<T>> {
  const input = vscode.window.createQuickPick<Choice<T>>();
  input.placeholder = text;
  input.busy = true;
  const given = new AbortController();
  const answered = ask<T, vscode.QuickPick<Choice<T>>>(input, place, () => undefined).then((answer) => {
    given.abort();
    return answer;
  });
  try {
    return await Promise.race([answered, work(given.signal)]);
  } finally {
    input.hide();
  }
}

/** Shows an input at its place, until it is answered, left or gone back from. It is disposed of then. */
export function ask<T, I extends vscode.QuickInput & { buttons: readonly vscode.QuickInputButton[] }>(
  input: I & {
    onDidAccept: vscode.Event<void>;
    onDidTriggerButton: vscode.Event<vscode.QuickInputButton>;
  },
  { title, step, totalSteps }: Place,
  accept: (answer: (value: T) => void) => void,
): Promise<Answer<T>> {
  input.title = title;
  input.step = step;
  input.totalSteps = totalSteps;
  input.ignoreFocusOut = true;
  if (step > 1) input.buttons = [vscode.QuickInputButtons.Back];
  return new Promise<Answer<T>>((resolve) => {
    input.onDidAccept(() => accept(resolve));
    input.onDidTriggerButton(() => resolve(back));
    input.onDidHide(() => resolve(undefined));
    input.show();
  }).finally(() => input.dispose());
}
