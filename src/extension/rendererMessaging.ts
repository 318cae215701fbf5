import * as vscode from 'vscode';
import { imageMime, type ViewerEvent, type ViewerRequest } from '../protocol';
import { problemOf } from '../protocol/problem';
import { viewerRequestSchema } from '../protocol/schemas';
import { anyImageOutputSchema } from '../protocol/viewerSchemas';
import type { AdapterChoice } from './adapterChoice';
import { imageRendererId, trainingRendererId } from './identity';
import { errorText, type KernelClient } from './kernelClient';
import { notebookFolder, notebookKey } from './notebooks';
import { t } from './l10n';

type Attach = Extract<ViewerRequest, { type: 'viewer/attach' | 'training/attach' }>;

/** One view: where its output is shown, and how to tell a new kernel of it. */
interface View {
  notebook: vscode.NotebookDocument;
  /** A split editor shows the same output twice. */
  editors: Set<vscode.NotebookEditor>;
  attach: Attach | null;
  /** The attachment to the kernel of that life; other requests wait for it. */
  attached: { life: number; done: Promise<void> };
}

const unattached = { life: 0, done: Promise.resolve() };

/** Carries messages between renderers and the kernel without looking inside; remembers who shows which view. */
export class RendererMessaging implements vscode.Disposable {
  private readonly views = new Map<string, View>();
  private readonly channels = {
    image: vscode.notebooks.createRendererMessaging(imageRendererId),
    training: vscode.notebooks.createRendererMessaging(trainingRendererId),
  };
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly kernel: KernelClient,
    private readonly adapters: AdapterChoice,
  ) {
    const receive = ({ editor, message }: { editor: vscode.NotebookEditor; message: unknown }) => {
      // The last words of a page that went with its notebook, which the kernel has been told of.
      if (editor.notebook.isClosed) return;
      const { success, data, error } = viewerRequestSchema.safeParse(message);
      if (success) void this.forward(editor, data);
      else this.refuse(message, problemOf(error));
    };
    this.subscriptions = [
      this.channels.image.onDidReceiveMessage(receive),
      this.channels.training.onDidReceiveMessage(receive),
      kernel.on('viewer/event', ({ event }) => this.deliver(event)),
      kernel.onDidStart(() => this.watchRunsAgain()),
      vscode.workspace.onDidCloseNotebookDocument((notebook) => this.forget(notebook)),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private async forward(editor: vscode.NotebookEditor, request: ViewerRequest): Promise<void> {
    if (request.type === 'training/detach' || request.type === 'viewer/detach') return this.detach(editor, request);
    const view = this.viewOf(editor, request);
    if (!vscode.workspace.isTrusted) {
      this.fail(request, t('This workspace is not trusted: the picture stays as it was saved.'));
      return;
    }
    try {
      this.adapters.restore(view.notebook);
      if (isAttach(request)) {
        await this.attach(view, request);
      } else {
        await this.introduce(view);
        await this.send(view, request);
      }
    } catch (error) {
      this.fail(request, errorText(error));
    }
  }

  /** No kernel is started to be told that nobody looks any more; of a split editor, the other half may. */
  private async detach(editor: vscode.NotebookEditor, request: ViewerRequest): Promise<void> {
    const { notebook } = editor;
    const editors = this.views.get(request.viewId)?.editors;
    editors?.delete(editor);
    if (editors && editors.size > 0) return;
    this.views.delete(request.viewId);
    const where = { notebook: notebookKey(notebook), folder: notebookFolder(notebook) };
    await this.kernel.tell('viewer/request', { ...where, request });
  }

  private viewOf(editor: vscode.NotebookEditor, { viewId }: ViewerRequest): View {
    let view = this.views.get(viewId);
    if (!view || view.notebook !== editor.notebook) {
      view = {
        notebook: editor.notebook,
        editors: new Set(),
        attach: savedImage(editor.notebook, viewId),
        attached: unattached,
      };
      this.views.set(viewId, view);
    }
    view.editors.add(editor);
    return view;
  }

  /** A kernel that began after the view attached has not heard of it. */
  private introduce(view: View): Promise<void> {
    if (!view.attach) return Promise.resolve();
    const known = this.kernel.running && view.attached.life === this.kernel.life;
    return known ? view.attached.done : this.attach(view, view.attach);
  }

  private attach(view: View, request: Attach): Promise<void> {
    // A kernel that starts for this very request need not be told of the view again (watchRunsAgain).
    view.attach = null;
    const done = this.send(view, request);
    view.attach = request;
    view.attached = { life: this.kernel.life, done };
    return done;
  }

  private async send({ notebook }: View, request: ViewerRequest): Promise<void> {
    await this.kernel.request('viewer/request', {
      notebook: notebookKey(notebook),
      folder: notebookFolder(notebook),
      request,
    });
  }

  /** Curves keep growing after the kernel died: nobody clicks on them, so nobody else would ask. */
  private watchRunsAgain(): void {
    for (const view of this.views.values()) {
      if (view.attach?.type === 'training/attach') void this.introduce(view).catch(() => undefined);
    }
  }

  private deliver(event: ViewerEvent): void {
    const view = this.views.get(event.viewId);
    if (!view) return;
    const channel = event.type.startsWith('training/') ? this.channels.training : this.channels.image;
    for (const editor of view.editors) void channel.postMessage(event, editor);
  }

  private fail({ type, viewId }: { type: string; viewId: string }, message: string): void {
    this.deliver({ type: type.startsWith('training/') ? 'training/error' : 'viewer/error', viewId, message });
  }

  /** A view that is known is told; of what nobody can be told the log knows. */
  private refuse(message: unknown, problem: string): void {
    this.kernel.log.warn(`a renderer sent a message that is no request (${problem}); it was dropped`);
    const { type, viewId } = (typeof message === 'object' && message !== null ? message : {}) as Record<
      string,
      unknown
    >;
    if (typeof type !== 'string' || typeof viewId !== 'string') return;
    this.fail({ type, viewId }, t('The page sent a message that is no request ({0}); it was dropped.', problem));
  }

  private forget(notebook: vscode.NotebookDocument): void {
    for (const [viewId, view] of this.views) {
      if (view.notebook === notebook) this.views.delete(viewId);
    }
  }
}

/** Where the extension host alone was restarted, the viewer still stands and will not attach again by itself. */
function savedImage(notebook: vscode.NotebookDocument, viewId: string): Attach | null {
  const items = notebook.getCells().flatMap(({ outputs }) => outputs.flatMap((output) => output.items));
  for (const { mime, data } of items) {
    if (mime !== imageMime) continue;
    try {
      const output = anyImageOutputSchema.parse(JSON.parse(new TextDecoder().decode(data)));
      if (output.viewId === viewId) return { type: 'viewer/attach', version: 2, viewId, output };
    } catch {
      // A damaged output is no image; its renderer says so.
    }
  }
  return null;
}

function isAttach(request: ViewerRequest): request is Attach {
  return request.type === 'viewer/attach' || request.type === 'training/attach';
}
