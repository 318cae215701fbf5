import type { ViewerEvent } from '../../protocol';
import { UserError } from '../errors';
import { followWriter } from './followWriter';
import type { AnnotationSession } from './session';
import type { SliceQueue } from './sliceQueue';
import type { OpenedSession } from './store';
import type { Tasks } from './tasks';

/** A picture in a notebook that shows a session. */
export interface View extends OpenedSession {
  readonly id: string;
  readonly notebook: string;
  readonly folder: string;
  readonly slices: SliceQueue;
  readonly tasks: Tasks;
  /** Of the annotation plane, what it shows. */
  slice: number;
  /** The newest hover; null after an edit. */
  hover: number | null;
}

interface SessionViewsOptions {
  readonly emit: (notebook: string, event: ViewerEvent) => void;
  readonly log: (error: unknown) => void;
  /** A view that is gone. */
  readonly forgotten: (view: View) => void;
}

/** Views of one session that are kept up to date; the latest ones to attach. */
const viewsPerSession = 16;

/** The views of all notebooks: which there are, what they hear, and when nobody looks at a session any more. */
export class SessionViews {
  private readonly views = new Map<string, View>();
  private readonly followed = new WeakSet<AnnotationSession>();
  private readonly keptUp = new WeakSet<AnnotationSession>();

  constructor(private readonly options: SessionViewsOptions) {}

  has(id: string): boolean {
    return this.views.has(id);
  }

  /** @throws UserError for one of another kernel, or one that was pushed out */
  get(id: string): View {
    const view = this.views.get(id);
    if (view === undefined) throw new UserError('this picture is not connected to the kernel: run its cell again');
    return view;
  }

  /** Whether it is still this very view that its id names. */
  holds(view: View): boolean {
    return this.views.get(view.id) === view;
  }

  of(notebook: string): View[] {
    return [...this.views.values()].filter((view) => view.notebook === notebook);
  }

  notebooks(): Set<string> {
    return new Set([...this.views.values()].map(({ notebook }) => notebook));
  }

  /** From now on it hears of every change of its session. The oldest of too many views of a session is forgotten. */
  add(view: View): void {
    this.views.set(view.id, view);
    this.follow(view.session);
    this.forgetOldViews(view.session);
  }

  /** Forgets a view, where it is there, and ends what it asked for. */
  forget(id: string): void {
    const view = this.views.get(id);
    if (view === undefined) return;
    view.slices.clear();
    view.tasks.cancelAll();
    this.options.forgotten(view);
    this.views.delete(id);
  }

  /** Where nobody looks at it here any more, other kernels may change it. */
  letGo(session: AnnotationSession): void {
    if (!this.isLookedAt(session)) session.release().catch(this.options.log);
  }

  /** Takes what another kernel writes, for as long as somebody looks at the session. */
  keepUp(session: AnnotationSession): void {
    if (this.keptUp.has(session)) return;
    this.keptUp.add(session);
    followWriter(session, () => this.isLookedAt(session))
      .catch(this.options.log)
      .finally(() => this.keptUp.delete(session));
  }

  private isLookedAt(session: AnnotationSession): boolean {
    return this.showing(session).length > 0;
  }

  private showing(session: AnnotationSession): View[] {
    return [...this.views.values()].filter((view) => view.session === session);
  }

  private follow(session: AnnotationSession): void {
    if (this.followed.has(session)) return;
    this.followed.add(session);
    session.onChange((change) => {
      for (const { id, notebook } of this.showing(session)) {
        this.options.emit(notebook, { type: 'viewer/change', viewId: id, ...change });
      }
    });
  }

  /** A cell that runs again leaves its old view behind, and nobody says when that one is gone. */
  private forgetOldViews(session: AnnotationSession): void {
    for (const { id } of this.showing(session).slice(0, -viewsPerSession)) this.forget(id);
  }
}
