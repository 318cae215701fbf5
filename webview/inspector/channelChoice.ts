import type { AdapterPart } from '../../src/protocol/inspector';
import { element } from '../shared/dom';

/** What of an attachment is drawn: the norm over channels (null), or one of them. */
export interface Choice {
  readonly part: AdapterPart;
  readonly channel: number | null;
}

export const wholeAddition: Choice = { part: 'addition', channel: null };

const kinds = [
  ['addition', 'addition, norm'],
  ['hidden', 'bottleneck, norm'],
  ['addition:channel', 'addition, channel'],
  ['hidden:channel', 'bottleneck, unit'],
] as const;

/** Two fields: which part of an attachment, and which of its channels. `title` names them to a screen reader. */
export function channelChoice(
  title: string,
  channels: Readonly<Record<AdapterPart, number>>,
  chosen: Choice,
  choose: (choice: Choice) => void,
): HTMLElement {
  const part = element('select', { 'aria-label': `${title}: what is drawn` });
  for (const [value, text] of kinds) part.append(element('option', { value }, text));
  part.value = chosen.channel === null ? chosen.part : `${chosen.part}:channel`;
  const channel = element('input', {
    type: 'number',
    min: 0,
    max: channels[chosen.part] - 1,
    value: chosen.channel ?? 0,
    hidden: chosen.channel === null,
    'aria-label': `${title}: channel`,
  });
  const told = (): void => {
    const [which, single] = part.value.split(':') as [AdapterPart, string | undefined];
    channel.hidden = single === undefined;
    const most = channels[which] - 1;
    channel.max = String(most);
    channel.value = String(Math.min(most, Math.max(0, Math.round(Number(channel.value) || 0))));
    choose({ part: which, channel: single === undefined ? null : Number(channel.value) });
  };
  part.addEventListener('change', told);
  channel.addEventListener('change', told);
  return element('div', { class: 'choice' }, part, channel);
}
