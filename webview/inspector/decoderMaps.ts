import type { DecoderAttachment, MapQuery, PromptAnswer, QuantisedMap } from '../../src/protocol/inspector';
import { element } from '../shared/dom';
import { channelChoice, wholeAddition, type Choice } from './channelChoice';
import { kindOf, layerOf } from './format';
import { MapFigure } from './mapFigure';
import { quantiseHere } from './quantiseHere';
import { saveButton } from './saveButton';
import { aspectOf, backdropOf, type Shown } from './shown';
import { Cursor } from './cursor';

/** What each adapter of the decoder adds: over the image, or to its tokens, one beside the other. */
export class DecoderMaps {
  readonly root: HTMLElement;
  private readonly onImage: MapFigure[] = [];
  private readonly figures: MapFigure[] = [];
  private readonly tokens = new Cursor();

  /** @param choices what is drawn of each attachment; kept by the caller from one prompt to the next */
  constructor(
    private readonly shown: Shown,
    private readonly answer: PromptAnswer,
    private readonly choices: Map<string, Choice>,
  ) {
    const maps = answer.attachments.map((attachment) => this.attachment(attachment));
    this.root = element('div', { class: 'maps' }, ...maps);
  }

  redraw(): void {
    for (const figure of this.onImage) figure.redraw(backdropOf(this.shown));
  }

  dispose(): void {
    for (const figure of this.figures) figure.dispose();
  }

  private attachment({ name, map, tokens, channels }: DecoderAttachment): HTMLElement {
    const { shown, answer, choices } = this;
    const title = `Layer ${layerOf(name)} · ${kindOf(name).replace(/ \(.*\)$/, '')}`;
    const first = map ?? quantiseHere(tokens ?? [], tokens?.length ?? 1, 1);
    const queryOf = ({ part, channel }: Choice): MapQuery => {
      return { of: 'decoder', slot: answer.slot, attachment: name, part, channel };
    };
    const chosen = (): Choice => choices.get(name) ?? wholeAddition;
    const figure = new MapFigure({
      cursor: map === null ? this.tokens : shown.cursor,
      title,
      aspect: map === null ? first.width : aspectOf(shown),
      note: map === null ? 'IoU, mask 0 to 3, then the prompt’s tokens' : 'at the image’s places',
      actions: [saveButton(title, () => shown.exportMap(queryOf(chosen())))],
    });
    this.figures.push(figure);
    if (map !== null) this.onImage.push(figure);
    const show = (drawn: QuantisedMap): void => figure.show(drawn, map === null ? null : backdropOf(shown));
    const load = async (choice: Choice): Promise<void> => {
      if (choice.part === 'addition' && choice.channel === null) return show(first);
      try {
        const maps = [queryOf(choice)];
        const asked = await shown.requests.ask({ type: 'inspector/maps', slice: answer.slice, maps });
        if (chosen() === choice) show(asked.maps[0]);
        shown.tell(null);
      } catch (problem) {
        shown.tell(problem);
      }
    };
    figure.root.append(
      channelChoice(title, channels, chosen(), (choice) => {
        choices.set(name, choice);
        void load(choice);
      }),
    );
    void load(chosen());
    return figure.root;
  }
}
