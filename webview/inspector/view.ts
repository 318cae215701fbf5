import type { InspectorBegin, InspectorChannel, InspectorOutput, PictureQuery } from '../../src/protocol/inspector';
import { element } from '../shared/dom';
import { BlockPanel } from './blockPanel';
import { Cursor } from './cursor';
import { Overview } from './overview';
import { PromptPanel } from './promptPanel';
import { Requests } from './requests';
import type { Shown } from './shown';

/** The inspector's page: an overview of all blocks, one block's maps, prompts. */
export class InspectorView {
  readonly root: HTMLElement;
  private readonly shown: Shown;
  private readonly overview: Overview;
  private readonly prompt: PromptPanel;
  private readonly blockPlace: HTMLElement;
  private readonly error = element('div', { class: 'error', role: 'alert', hidden: true });
  private readonly saved = element('span', { class: 'note', role: 'status' });
  private block = 0;
  private panel: BlockPanel;
  private disposed = false;

  /** @param keep is told what the page would have to begin with to be as it is now */
  constructor(
    readonly viewId: string,
    { summary, begin }: InspectorOutput,
    channel: InspectorChannel,
    keep?: (begin: InspectorBegin) => void,
  ) {
    const requests = new Requests(channel, viewId, summary.inspection);
    this.shown = {
      summary,
      requests,
      cursor: new Cursor(),
      slice: begin.slice,
      picture: null,
      opacity: 0.75,
      tell: (problem) => this.tell(problem),
      exportMap: (map) => void this.export(map),
      changed: () => keep?.({ slice: this.shown.slice, prompts: this.prompt.given }),
    };
    const panelId = `block-${Math.random().toString(36).slice(2)}`;
    this.blockPlace = element('div', { id: panelId, role: 'tabpanel', 'aria-label': 'Block' });
    this.overview = new Overview(summary, panelId, (block) => this.choose(block));
    this.prompt = new PromptPanel(this.shown);
    this.panel = new BlockPanel(this.shown, 0);
    this.overview.show(begin.slice);
    this.overview.select(0);
    this.blockPlace.append(this.panel.root);
    this.root = element(
      'section',
      { class: 'med-sa-inspector', 'aria-label': `Adapters ${summary.adapters} on ${summary.model}` },
      this.head(),
      this.error,
      this.overview.root,
      this.blockPlace,
      this.prompt.root,
    );
    // Keys on the page's own controls are not the notebook's: it would take Enter as "edit the cell".
    this.root.addEventListener('keydown', (event) => {
      if (['Enter', ' ', 'ArrowUp', 'ArrowDown'].includes(event.key)) event.stopPropagation();
    });
    void this.loadPicture();
    void this.prompt.begin(begin.prompts);
  }

  dispose(): void {
    this.disposed = true;
    this.panel.dispose();
    this.prompt.dispose();
    this.shown.requests.dispose();
    this.root.remove();
  }

  private head(): HTMLElement {
    const { summary } = this.shown;
    const opacity = element('input', { type: 'range', min: 0, max: 100, value: 100 * this.shown.opacity });
    opacity.addEventListener('input', () => {
      this.shown.opacity = Number(opacity.value) / 100;
      this.redraw();
    });
    const tensors = element('button', { type: 'button' }, 'Export tensors');
    tensors.title = 'Everything that was read, as safetensors';
    tensors.addEventListener('click', () => void this.export(null));
    return element(
      'div',
      { class: 'line head' },
      element('strong', { class: 'title' }, summary.adapters),
      element('span', { class: 'note' }, `on ${summary.model} · ${summary.width} × ${summary.height}`),
      ...(summary.slices > 1 ? [this.sliceControl()] : []),
      element('label', {}, 'Maps over the image ', opacity),
      tensors,
      this.saved,
    );
  }

  private sliceControl(): HTMLElement {
    const { slices, firstSlice } = this.shown.summary;
    const said = (): string => `${firstSlice + this.shown.slice} of ${firstSlice}–${firstSlice + slices - 1}`;
    const told = element('output', {}, said());
    const slider = element('input', { type: 'range', min: 0, max: slices - 1, value: this.shown.slice });
    slider.addEventListener('input', () => {
      this.shown.slice = Number(slider.value);
      told.textContent = said();
      this.overview.show(this.shown.slice);
      this.choose(this.block);
      void this.loadPicture();
      this.prompt.redraw(true);
    });
    return element('label', {}, 'Slice ', slider, told);
  }

  private choose(block: number): void {
    this.block = block;
    this.overview.select(block);
    this.panel.dispose();
    this.panel = new BlockPanel(this.shown, block);
    this.blockPlace.append(this.panel.root);
  }

  private redraw(): void {
    this.panel.redraw();
    this.prompt.redraw(false);
  }

  private async loadPicture(): Promise<void> {
    const { slice, requests } = this.shown;
    try {
      const { png } = await requests.ask({ type: 'inspector/picture', slice });
      const picture = new Image();
      picture.src = `data:image/png;base64,${png}`;
      await picture.decode();
      if (this.disposed || slice !== this.shown.slice) return;
      this.shown.picture = picture;
      this.redraw();
    } catch (problem) {
      this.tell(problem);
    }
  }

  private async export(map: PictureQuery | null): Promise<void> {
    const { requests, slice } = this.shown;
    try {
      const { file } = await (map === null
        ? requests.ask({ type: 'inspector/exportTensors' })
        : requests.ask({ type: 'inspector/exportMap', slice, map }));
      this.saved.textContent = `Saved ${file}`;
      this.tell(null);
    } catch (problem) {
      this.tell(problem);
    }
  }

  private tell(problem: unknown): void {
    this.error.hidden = problem === null;
    this.error.textContent = problem instanceof Error ? problem.message : problem === null ? '' : String(problem);
  }
}
