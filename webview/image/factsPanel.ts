import type { AnnotationObject, ImageInfo } from '../../src/protocol';
import { element } from '../shared/dom';
import { section } from './controls';
import { factsOf, measureOf } from './measures';
import type { Marks } from './session';

/** What is known of the image, and how large what was found in it is: all objects together, as a report would name them. */
export class FactsPanel {
  readonly root: HTMLElement;
  private readonly table = element('tbody', {});
  private readonly none = element('p', { class: 'none' }, 'Nothing is masked yet.');
  private painted = '';

  constructor(private readonly image: ImageInfo) {
    const rows = factsOf(image).map(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]);
    const objects = element('table', { 'aria-label': 'Sizes of the objects' }, this.table);
    this.root = section('Image', [], element('dl', {}, ...rows.flat()), objects, this.none);
    this.root.classList.add('facts');
  }

  update(objects: readonly AnnotationObject[], marksOf: (object: string) => Marks): void {
    const [plane] = this.image.planes;
    const rows = objects.flatMap(({ id, label, colour }) => {
      const measure = measureOf(marksOf(id), plane);
      return measure ? [{ label, colour, long: measure.long }] : [];
    });
    const shown = JSON.stringify(rows);
    if (shown === this.painted) return;
    this.painted = shown;
    this.none.hidden = rows.length > 0;
    this.table.replaceChildren(
      ...rows.map(({ label, colour, long }) => {
        const name = element('th', { scope: 'row' }, label);
        name.style.setProperty('--object', colour);
        return element('tr', {}, name, element('td', {}, long));
      }),
    );
  }
}
