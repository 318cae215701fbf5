import type { ImageInfo } from '../../src/protocol';
import { element } from '../shared/dom';
import { applyWindow, type Workplace } from './commands';
import type { Run } from './controls';
import { DisplayPanel } from './displayPanel';
import type { Editor } from './editor';
import { ExportPanel } from './exportPanel';
import { FactsPanel } from './factsPanel';
import { measureOf } from './measures';
import { MaskPanel } from './maskPanel';
import type { ImageRequest } from './messages';
import { ObjectList } from './objectList';
import { PromptList } from './promptList';
import type { Session } from './session';
import type { Settings } from './settings';

/** A request whose view is added by whoever sends it. */
type Asked = ImageRequest extends infer R ? (R extends { viewId: string } ? Omit<R, 'viewId'> : never) : never;

export interface PanelHandlers {
  run: Run;
  post(request: Asked): void;
  /** Changes what the page shows, and has it drawn. */
  changing(change: (work: Workplace) => unknown): void;
}

/** Beside the picture: objects, the mask and the prompts of the active one on this slice, and how all of it is drawn. */
export class SidePanel {
  readonly root: HTMLElement;
  readonly objects: ObjectList;
  readonly mask: MaskPanel;
  private readonly prompts: PromptList;
  private readonly display: DisplayPanel;
  private readonly facts: FactsPanel;

  constructor(
    private readonly image: ImageInfo,
    { run, post, changing }: PanelHandlers,
  ) {
    this.objects = new ObjectList({
      add: () => run('object.new'),
      select: (object) => post({ type: 'viewer/object/select', object }),
      change: (object, properties) => {
        if (Object.keys(properties).length > 0) post({ type: 'viewer/object/change', object, properties });
        changing(() => undefined);
      },
      remove: (object) => post({ type: 'viewer/object/remove', object }),
      leave: () => changing(({ screens }) => screens.focus()),
    });
    this.mask = new MaskPanel(image.planes[0].slices > 1, run);
    this.prompts = new PromptList({
      select: (id) => changing(({ editor }) => (editor.selected = id)),
      remove: (id) => changing(({ editor }) => editor.remove(id)),
    });
    this.display = new DisplayPanel({
      opacity: (opacity) => changing(({ settings }) => (settings.opacity = opacity)),
      radius: (radius) => changing(({ settings }) => (settings.radius = radius)),
      window: (window) => changing((work) => applyWindow(work, window)),
    });
    const saving = new ExportPanel(image, (format, path) => post({ type: 'viewer/export', format, path }));
    this.facts = new FactsPanel(image);
    const parts = [this.objects, this.mask, this.prompts, this.display, saving, this.facts].map(({ root }) => root);
    this.root = element('aside', { class: 'panel', 'aria-label': 'Annotation' }, ...parts);
  }

  update(session: Session, editor: Editor, settings: Settings): void {
    const { state } = session;
    const measure = (object: string) => measureOf(session.marksOf(object), this.image.planes[0]);
    this.objects.update(state.objects, state.active, measure);
    this.facts.update(state.objects, (object) => session.marksOf(object));
    this.mask.update(editor.held);
    this.prompts.update(editor.prompts, editor.selected);
    this.display.update(settings);
  }
}
