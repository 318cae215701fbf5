import type { UnitActivity } from '../../src/protocol/inspector';
import { element } from '../shared/dom';

/** How many units are active at which part of the tokens: ten bars and a sentence. */
export function unitHistogram({ units, dead, nearDead, histogram }: UnitActivity): HTMLElement {
  const highest = Math.max(1, ...histogram);
  const bars = histogram.map((count, bin) => {
    const bar = element('span', { class: bin === 0 && dead + nearDead > 0 ? 'bar first' : 'bar' });
    bar.style.height = `${Math.max(count > 0 ? 4 : 0, (100 * count) / highest)}%`;
    return element(
      'span',
      { class: 'slot', title: `${count} units active at ${10 * bin}–${10 * bin + 10} % of tokens` },
      bar,
    );
  });
  const sentence = `${dead} of ${units} units dead${nearDead > 0 ? `, ${nearDead} near-dead` : ''}`;
  return element(
    'div',
    { class: 'units' },
    element('div', { class: dead > 0 ? 'note warn' : 'note' }, sentence),
    element(
      'div',
      {
        class: 'histogram',
        role: 'img',
        'aria-label': `Units by part of tokens at which they are active: ${histogram.join(', ')}`,
      },
      ...bars,
    ),
    element(
      'div',
      { class: 'axis' },
      element('span', {}, '0 %'),
      element('span', {}, 'active at'),
      element('span', {}, '100 %'),
    ),
  );
}
