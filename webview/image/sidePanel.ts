import { element } from '../shared/dom';
import type { Run } from './controls';
import { DisplayPanel, type DisplayHandlers } from './displayPanel';
import type { Editor } from './editor';
import { MaskPanel } from './maskPanel';
import { type ObjectHandlers, ObjectList } from './objectList';
import { PromptList, type PromptHandlers } from './promptList';
import type { Session } from './session';
import type { Settings } from './settings';

export interface PanelHandlers {
  run: Run;
  objects: ObjectHandlers;
  prompts: PromptHandlers;
  display: DisplayHandlers;
}

/** Beside the picture: objects, the mask and the prompts of the active one on this slice, and how all of it is drawn. */
export class SidePanel {
  readonly root: HTMLElement;
  readonly objects: ObjectList;
  readonly mask: MaskPanel;
  private readonly prompts: PromptList;
  private readonly display: DisplayPanel;

  constructor(volume: boolean, handlers: PanelHandlers) {
    this.objects = new ObjectList(handlers.objects);
    this.mask = new MaskPanel(volume, handlers.run);
    this.prompts = new PromptList(handlers.prompts);
    this.display = new DisplayPanel(handlers.display);
    const parts = [this.objects, this.mask, this.prompts, this.display].map(({ root }) => root);
    this.root = element('aside', { class: 'panel', 'aria-label': 'Annotation' }, ...parts);
  }

  update({ state }: Session, editor: Editor, settings: Settings): void {
    this.objects.update(state.objects, state.active);
    this.mask.update(editor.held);
    this.prompts.update(editor.prompts, editor.selected);
    this.display.update(settings);
  }
}
