import type { ViewerEvent, ViewerRequest } from '../../protocol';
import type { Runs } from './runs';

export type RunViewerRequest = Extract<ViewerRequest, { type: `training/${string}` }>;

/** Sends the progress of runs to the views that ask for it. */
export class RunViewers {
  private readonly views = new Map<string, { readonly notebook: string; readonly end: () => void }>();

  constructor(
    private readonly runs: Runs,
    private readonly emit: (notebook: string, event: ViewerEvent) => void,
  ) {}

  /** Never rejects: what goes wrong is told to the viewer. */
  async handle(notebook: string, request: RunViewerRequest): Promise<void> {
    const { viewId, run } = request;
    try {
      if (request.type === 'training/stop') this.runs.stop(run);
      else await this.attach(notebook, viewId, run);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.emit(notebook, { type: 'training/error', viewId, message });
    }
  }

  /** Forgets the views of a notebook that was closed. */
  close(notebook: string): void {
    for (const [viewId, view] of this.views) {
      if (view.notebook !== notebook) continue;
      view.end();
      this.views.delete(viewId);
    }
  }

  private async attach(notebook: string, viewId: string, run: string): Promise<void> {
    this.views.get(viewId)?.end();
    let ended = false;
    const listening = this.runs.watch(run, ({ summary }) => {
      if (!ended) this.emit(notebook, { type: 'training/summary', viewId, summary });
    });
    const end = () => {
      ended = true;
      void listening.then((stop) => stop()).catch(() => undefined);
    };
    this.views.set(viewId, { notebook, end });
    await listening;
  }
}
