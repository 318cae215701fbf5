import path from 'node:path';
import type { TrainingEvent, TrainingRequest, ViewerEvent, ViewerRequest } from '../../protocol';
import { CurveFeed, type CurveNews } from './curveFeed';
import { runsBeside } from './runList';
import type { Runs } from './runs';

/** An event without its view's name. */
type Told = TrainingEvent extends infer E ? (E extends unknown ? Omit<E, 'viewId'> : never) : never;

export const isTrainingRequest = (request: ViewerRequest): request is TrainingRequest =>
  request.type.startsWith('training/');

/** Sends the progress of runs to the views that ask for it. */
export class RunViewers {
  private readonly views = new Map<string, { readonly notebook: string; readonly end: () => void }>();

  constructor(
    private readonly runs: Runs,
    private readonly emit: (notebook: string, event: ViewerEvent) => void,
  ) {}

  /** Never rejects: what goes wrong is told to the viewer. */
  async handle(notebook: string, request: TrainingRequest): Promise<void> {
    const { viewId, run } = request;
    const tell = (event: Told) => this.emit(notebook, { ...event, viewId });
    try {
      switch (request.type) {
        case 'training/attach':
          return await this.attach(notebook, request, tell);
        case 'training/detach':
          return this.detach(viewId);
        case 'training/stop':
          this.runs.stop(run);
          return;
        case 'training/resume':
          return await this.runs.resume(run);
        case 'training/list':
          return tell({ type: 'training/runs', runs: runsBeside(run) });
      }
    } catch (error) {
      tell(failure(error));
    }
  }

  /** Forgets the views of a notebook that was closed. */
  close(notebook: string): void {
    for (const [viewId, view] of this.views) if (view.notebook === notebook) this.detach(viewId);
  }

  private detach(viewId: string): void {
    this.views.get(viewId)?.end();
    this.views.delete(viewId);
  }

  private async attach(
    notebook: string,
    { viewId, run, curves = false }: Extract<TrainingRequest, { type: 'training/attach' }>,
    tell: (event: Told) => void,
  ): Promise<void> {
    this.detach(viewId);
    let ended = false;
    const feeds: CurveFeed[] = [];
    const listening = this.runs.watch(run, ({ summary: { curves: _, ...summary } }) => {
      // Whoever gets every point needs no thinned ones.
      if (!ended) tell({ type: 'training/summary', summary: curves ? { ...summary, loss: [], dice: {} } : summary });
    });
    const end = () => {
      ended = true;
      feeds.forEach((feed) => feed.end());
      void listening.then((stop) => stop()).catch(() => undefined);
    };
    this.views.set(viewId, { notebook, end });
    await listening;
    if (!curves || ended) return;
    const follow = (news: CurveNews) => tell({ type: 'training/curves', ...news });
    feeds.push(new CurveFeed(path.resolve(run), follow, (error) => tell(failure(error))));
  }
}

const failure = (error: unknown): Told => ({
  type: 'training/error',
  message: error instanceof Error ? error.message : String(error),
});
