import type {
  ImageOutputV1 as ImageOutput,
  ViewerEvent,
  ViewerRequestV1,
  ViewerStateV1 as ViewerState,
} from '../../protocol';
import { UserError } from '../errors';
import { encodePng } from '../imaging';
import { type ImageLibrary, versionOf } from './images';
import type { ImageSegmenter, Models } from './models';
import type { AnnotationSession, SegmenterSource } from './session';
import type { AnnotationStore, OpenedSession } from './store';

/** Requests of image viewers; those about training go elsewhere. */
export type ImageViewerRequest = ViewerRequestV1;

interface View extends OpenedSession {
  readonly notebook: string;
  slice: number;
}

interface ViewersOptions {
  readonly store: AnnotationStore;
  readonly images: ImageLibrary;
  readonly models: Models;
  /** Adapters in use in a notebook: an absolute path; null for the frozen model. */
  readonly adaptersOf: (notebook: string) => string | null;
  readonly emit: (notebook: string, event: ViewerEvent) => void;
  readonly log: (error: unknown) => void;
}

/** Views of one session that are kept up to date; the latest ones to attach. */
const viewsPerSession = 8;

/** Answers the image viewers of all notebooks. Every view of a session hears of every change. */
export class ImageViewers {
  private readonly views = new Map<string, View>();
  /** The last view to ask for its embedding ahead; an older one that waits still is not worth it any more. */
  private warming: { readonly viewId: string } | null = null;

  constructor(private readonly options: ViewersOptions) {}

  /** Never rejects: what goes wrong is told to the viewer. */
  async handle(notebook: string, folder: string, request: ImageViewerRequest): Promise<void> {
    const { viewId } = request;
    const tell = (event: ViewerEvent) => this.options.emit(notebook, event);
    try {
      if (request.type === 'viewer/attach') await this.attach(notebook, folder, viewId, request.output);
      else await this.edit(this.view(viewId), viewId, request);
    } catch (error) {
      if (!(error instanceof UserError)) this.options.log(error);
      this.showKnown(viewId);
      tell({ type: 'viewer/error', viewId, message: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Another model answers this notebook from now on: so it does for the prompts that its views show. */
  async answerAgain(notebook: string): Promise<void> {
    for (const [viewId, view] of [...this.views]) {
      if (view.notebook !== notebook) continue;
      try {
        const state = await this.busy(notebook, viewId, 'segmenting', () =>
          view.session.state(view.slice, () => this.segmenter(notebook, view.file)),
        );
        this.options.emit(notebook, { type: 'viewer/state', viewId, state });
      } catch (error) {
        this.options.log(error);
      }
    }
  }

  /** Forgets the views of a notebook that was closed. */
  close(notebook: string): void {
    for (const [viewId, view] of this.views) if (view.notebook === notebook) this.views.delete(viewId);
  }

  private view(viewId: string): View {
    const view = this.views.get(viewId);
    if (view === undefined) throw new UserError('this picture is not connected to the kernel: run its cell again');
    return view;
  }

  private async attach(notebook: string, folder: string, viewId: string, output: ImageOutput): Promise<void> {
    const { images, store, emit } = this.options;
    const opened = await store.attach(folder, output);
    const { session, file } = opened;
    const slice = Math.min(output.slice, session.image.slices - 1);
    const picture = await images.picture(await versionOf(file), slice);
    this.views.delete(viewId);
    this.views.set(viewId, { ...opened, notebook, slice });
    this.forgetOldViews(session);
    const png = (await encodePng(picture)).toString('base64');
    emit(notebook, { type: 'viewer/image', viewId, image: session.image, slice, png });
    emit(notebook, { type: 'viewer/state', viewId, state: session.stateSoFar(slice) });

    const segmenter = () => this.segmenter(notebook, file);
    const state = await this.busy(notebook, viewId, 'loading the model', () => session.state(slice, segmenter));
    emit(notebook, { type: 'viewer/state', viewId, state });
    void this.warm(notebook, viewId, slice, segmenter);
  }

  private async edit(
    view: View,
    viewId: string,
    request: Exclude<ImageViewerRequest, { type: 'viewer/attach' }>,
  ): Promise<void> {
    this.warming = null;
    const segmenter = () => this.segmenter(view.notebook, view.file);
    const state = await this.busy(view.notebook, viewId, 'segmenting', () =>
      answer(view.session, view.slice, request, segmenter),
    );
    this.broadcast(view.session, state);
  }

  private segmenter(notebook: string, file: string): Promise<ImageSegmenter> {
    return this.options.models.segmenterFor(file, this.options.adaptersOf(notebook));
  }

  private broadcast(session: AnnotationSession, state: ViewerState): void {
    for (const [viewId, view] of this.views) {
      if (view.session !== session) continue;
      view.slice = state.slice;
      this.options.emit(view.notebook, { type: 'viewer/state', viewId, state });
    }
  }

  /** A cell that runs again leaves its old view behind, and nobody says when that one is gone. */
  private forgetOldViews(session: AnnotationSession): void {
    const views = [...this.views].filter(([, view]) => view.session === session);
    for (const [viewId] of views.slice(0, -viewsPerSession)) this.views.delete(viewId);
  }

  /** A prompt that failed to be answered is kept all the same, and the viewer has to show so. */
  private showKnown(viewId: string): void {
    const view = this.views.get(viewId);
    if (view === undefined) return;
    const state = view.session.stateSoFar(view.slice);
    this.options.emit(view.notebook, { type: 'viewer/state', viewId, state });
  }

  /** Computes the embedding before the first click asks for it. */
  private async warm(
    notebook: string,
    viewId: string,
    slice: number,
    segmenter: () => Promise<ImageSegmenter>,
  ): Promise<void> {
    const wish = (this.warming = { viewId });
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (this.warming !== wish) return;
    await this.busy(notebook, viewId, 'encoding the image', async () => (await segmenter()).warm(slice)).catch(
      this.options.log,
    );
  }

  private async busy<R>(notebook: string, viewId: string, what: string, work: () => Promise<R>): Promise<R> {
    this.options.emit(notebook, { type: 'viewer/busy', viewId, busy: what });
    try {
      return await work();
    } finally {
      this.options.emit(notebook, { type: 'viewer/busy', viewId, busy: null });
    }
  }
}

function answer(
  session: AnnotationSession,
  slice: number,
  request: Exclude<ImageViewerRequest, { type: 'viewer/attach' }>,
  segmenter: SegmenterSource,
): Promise<ViewerState> {
  switch (request.type) {
    case 'viewer/prompt':
      return session.prompt(request.slice, request.prompt, segmenter);
    case 'viewer/undo':
      return session.undo(segmenter, slice);
    case 'viewer/redo':
      return session.redo(segmenter, slice);
    case 'viewer/clear':
      return session.clear(request.slice, segmenter);
  }
}
