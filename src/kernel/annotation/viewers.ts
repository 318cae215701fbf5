import type { ImageEvent, ImageRequest, ViewerEvent } from '../../protocol';
import { CancelledError, UserError } from '../errors';
import type { ImageLibrary } from './images';
import type { ImageSegmenter, Models } from './models';
import { Openings } from './openings';
import { Prefetch } from './prefetch';
import { propagate, segmentAll } from './propagation';
import { SessionViews, type View } from './sessionViews';
import { SliceQueue } from './sliceQueue';
import { sliceOfSession } from './slicesOfSession';
import type { AnnotationStore, OpenedSession } from './store';
import { Tasks } from './tasks';
import { carryOut, type EditRequest } from './viewerEdits';

/** Writes a session's masks. @returns absolute paths of what was written */
export type ViewerWrite = (
  opened: OpenedSession,
  folder: string,
  request: Extract<ImageRequest, { type: 'viewer/export' }>,
  source: () => Promise<ImageSegmenter>,
) => Promise<string[]>;

interface ViewersOptions {
  readonly store: AnnotationStore;
  readonly images: ImageLibrary;
  readonly models: Models;
  /** Adapters in use in a notebook: an absolute path; null for the frozen model. */
  readonly adaptersOf: (notebook: string) => string | null;
  readonly write: ViewerWrite;
  readonly emit: (notebook: string, event: ViewerEvent) => void;
  readonly log: (error: unknown) => void;
}

type Untold<T> = T extends unknown ? Omit<T, 'viewId'> : never;

/** Answers the image viewers of all notebooks. Every view of a session hears of every change. */
export class ImageViewers {
  private readonly views: SessionViews;
  private readonly openings = new Openings();
  private readonly prefetch: Prefetch;

  constructor(private readonly options: ViewersOptions) {
    this.prefetch = new Prefetch(options.log);
    this.views = new SessionViews({ ...options, forgotten: (view) => this.prefetch.forget(view) });
  }

  /** Never rejects: what goes wrong is told to the viewer. */
  async handle(notebook: string, folder: string, request: ImageRequest): Promise<void> {
    const { viewId } = request;
    // Of a kernel before this one, or of a view that was pushed out.
    if (request.type === 'viewer/detach' && !this.views.has(viewId)) return;
    try {
      if (request.type === 'viewer/attach') await this.attach(notebook, folder, request);
      else await this.answerView(this.views.get(viewId), request);
    } catch (error) {
      this.fail(notebook, request, error);
    }
  }

  /** Another model answers this notebook from now on: so it does for the prompts that its views show. */
  async answerAgain(notebook: string): Promise<void> {
    for (const view of this.views.of(notebook)) {
      try {
        const source = () => this.segmenter(view);
        await view.tasks.run('segmenting', false, () => view.session.answer(view.slice, source, true));
      } catch (error) {
        this.options.log(error);
      }
    }
  }

  /** Forgets the views of a notebook that was closed, and ends what they asked for. */
  close(notebook: string): void {
    const views = this.views.of(notebook);
    for (const view of views) this.views.forget(view.id);
    this.openings.close(notebook);
    for (const session of new Set(views.map(({ session }) => session))) this.views.letGo(session);
  }

  /** Forgets every view, those of notebooks too that run no cells. */
  dispose(): void {
    for (const notebook of this.views.notebooks()) this.close(notebook);
  }

  private async attach(
    notebook: string,
    folder: string,
    request: Extract<ImageRequest, { type: 'viewer/attach' }>,
  ): Promise<void> {
    const { viewId, output } = request;
    const opened = await this.openings.open(notebook, async () => {
      const found = await this.options.store.attach(folder, output, notebook);
      await found.session.refresh();
      return found;
    });
    if (opened === null) return;
    const { session } = opened;
    const slice = Math.min(output.slice ?? session.firstSlice, session.image.size[2] - 1);
    const tell = (event: Untold<ImageEvent>) => this.options.emit(notebook, { ...event, viewId } as ImageEvent);
    this.views.forget(viewId);
    const view: View = {
      ...opened,
      id: viewId,
      notebook,
      folder,
      slice,
      hover: null,
      slices: new SliceQueue(async (wish) => {
        try {
          tell({ type: 'viewer/slice', ...(await sliceOfSession(opened, this.options.images, wish)) });
        } catch (error) {
          this.fail(notebook, { viewId, type: 'viewer/slices' }, error);
        }
      }),
      tasks: new Tasks((tasks) => tell({ type: 'viewer/tasks', tasks })),
    };
    this.views.add(view);
    const { image, state } = session;
    tell({ type: 'viewer/attached', image, state, marks: session.marks(), slice, objects: session.known(slice) });
    await view.slices.request([{ plane: image.planes[0].plane, index: slice, pixels: true, shrink: 1 }]);
    this.views.keepUp(session);
    // A view is attached when it shows its image: nothing that it asks for from now on waits for a model.
    void this.answerSlice(view).catch((error: unknown) => this.fail(notebook, request, error));
  }

  private fail(notebook: string, { viewId, type }: Pick<ImageRequest, 'viewId' | 'type'>, error: unknown): void {
    if (error instanceof CancelledError) return;
    if (!(error instanceof UserError)) this.options.log(error);
    const message = error instanceof Error ? error.message : String(error);
    this.options.emit(notebook, { type: 'viewer/error', viewId, message, request: type });
  }

  /** A task that was ended with its view keeps what it has found: that must not hold the session. */
  private async answerView(view: View, request: Exclude<ImageRequest, { type: 'viewer/attach' }>) {
    try {
      await this.answer(view, request);
    } finally {
      if (!this.views.holds(view)) this.views.letGo(view.session);
    }
  }

  private async answer(view: View, request: Exclude<ImageRequest, { type: 'viewer/attach' }>) {
    const { id: viewId, session, tasks } = view;
    const source = () => this.segmenter(view);
    switch (request.type) {
      case 'viewer/detach':
        return this.views.forget(viewId);
      case 'viewer/cancel':
        return tasks.cancel(request.task);
      case 'viewer/slices':
        return this.showSlices(view, request);
      case 'viewer/hover':
        return this.preview(view, request);
      case 'viewer/propagate':
        session.check(request.object, request.from);
        return tasks.run('propagating', true, async (control) => {
          if ((await propagate(session, request, source, control)) > 0) return;
          throw new UserError('the object ends here: no neighbouring slice seems to hold a part of it');
        });
      case 'viewer/segment': {
        const { slice } = request;
        if (slice === null)
          return tasks.run('segmenting all slices', true, (control) => segmentAll(session, source, control));
        await session.claim();
        return tasks.run('segmenting', false, () => session.answer(slice, source, true));
      }
      case 'viewer/export': {
        const { format } = request;
        const files = await tasks.run('exporting', false, () => this.options.write(view, view.folder, request, source));
        return this.options.emit(view.notebook, { type: 'viewer/exported', viewId, format, files });
      }
      default:
        return this.edit(view, request, source);
    }
  }

  private async edit(view: View, request: EditRequest, source: () => Promise<ImageSegmenter>): Promise<void> {
    this.prefetch.stir(view);
    view.hover = null;
    await view.tasks.run('segmenting', false, () => carryOut(view.session, request, source));
  }

  private async showSlices(view: View, request: Extract<ImageRequest, { type: 'viewer/slices' }>): Promise<void> {
    const { plane, indices, pixels, shrink = 1, shown = indices[0] } = request;
    const annotated = view.session.image.planes[0].plane === plane;
    if (annotated && shown !== undefined) view.slice = Math.min(shown, view.session.image.size[2] - 1);
    await view.slices.request(indices.map((index) => ({ plane, index, pixels, shrink })));
    if (annotated && view.slice === shown) await this.answerSlice(view);
  }

  /** What was prompted and never answered is, when somebody looks at it; then neighbours are encoded ahead. */
  private async answerSlice(view: View): Promise<void> {
    const { session, slice } = view;
    const source = () => this.segmenter(view);
    if (!session.isAnswered(slice)) {
      await view.tasks.run('segmenting', false, () => session.answer(slice, source));
    }
    const near = [slice, slice + 1, slice - 1].filter((one) => one >= 0 && one < session.image.size[2]);
    this.prefetch.wish(view, source, near);
  }

  private async preview(view: View, request: Extract<ImageRequest, { type: 'viewer/hover' }>) {
    const { viewId, previewId, object, slice, prompt } = request;
    view.session.check(object, slice);
    this.prefetch.stir(view);
    view.hover = previewId;
    const wanted = () => view.hover === previewId;
    const answer = await view.session.preview({ object, slice, prompt }, () => this.segmenter(view), wanted);
    if (answer === null || !wanted()) return;
    const { mask, iou } = answer;
    this.options.emit(view.notebook, { type: 'viewer/preview', viewId, previewId, object, slice, mask, iou });
  }

  private segmenter({ notebook, file }: View): Promise<ImageSegmenter> {
    return this.options.models.segmenterFor(file, this.options.adaptersOf(notebook));
  }
}
