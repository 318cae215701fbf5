import path from 'node:path';
import type {
  CellOutput,
  ExecuteParams,
  FineTuneParams,
  InspectParams,
  ImageOutput,
  ImageOutputV1,
  KernelStatus,
  RunForecast,
  ViewerEvent,
  ViewerRequest,
} from '../../protocol';
import type { InspectorEvent, InspectorOutput, InspectorRequest } from '../../protocol/inspector';
import {
  AnnotationStore,
  exportSession,
  ImageLibrary,
  ImageViewers,
  type ModelDescription,
  Models,
  type PredictorFactory,
  type ViewerWrite,
} from '../annotation';
import { UserError } from '../errors';
import { apiHandlers, type CallContext } from './apiHandlers';
import { bundle } from './bundles';
import type { ApiMethod } from './calls';
import { type InspectorFactory, Inspections } from './inspections';
import { openInspection } from './inspectHandlers';
import { exportLabelled, type LabelledExport } from './exportLabelled';
import { NotebookCells } from './notebookCells';
import { type CommandDefaults, Runs } from './runs';
import { isTrainingRequest, RunViewers } from './runViewers';

export interface KernelOptions {
  readonly createPredictor: PredictorFactory;
  /** Why each faster device does not answer. */
  readonly deviceNotes?: () => string[];
  /** Memory of the processes that compute, in MiB. */
  readonly engineMemoryMB?: () => Promise<number>;
  /** Opens models for the adapter inspector; without it, inspecting is refused. */
  readonly createInspector?: InspectorFactory;
  /** Ends what computes; called once, when the kernel ends. */
  readonly dispose?: () => Promise<void>;
  readonly runsFolder?: string | null;
  /** Model, device and engine of fine-tunes and evaluations where a cell names none. */
  readonly defaults?: CommandDefaults;
  readonly cellEntry?: () => string;
  readonly cli?: () => string;
}

/** What the kernel says without being asked. */
export interface KernelListener {
  output(notebook: string, executionId: string, output: CellOutput): void;
  viewer(notebook: string, event: ViewerEvent): void;
  status(status: KernelStatus): void;
  log(level: 'info' | 'warn' | 'error', text: string): void;
}

const noInspector: InspectorFactory = async () => {
  throw new UserError('this kernel looks into no adapters: it was started without an inspector');
};

/** The kernel without its wire: notebooks with their cells, pictures and fine-tunes. The same under VS Code and headless. */
export class NotebookKernel {
  private readonly cells: NotebookCells;
  private readonly adapters = new Map<string, string>();
  private readonly models: Models;
  private readonly imageViewers: ImageViewers;
  private readonly runViewers: RunViewers;
  private readonly runs: Runs;
  private readonly store: AnnotationStore;
  private readonly inspections: Inspections;
  private readonly handlers: ReturnType<typeof apiHandlers>;
  private readonly services: Parameters<typeof exportLabelled>[0];
  private described: Pick<KernelStatus, 'model' | 'adapters' | 'device'> = {
    model: null,
    adapters: null,
    device: null,
  };

  constructor(
    private readonly options: KernelOptions,
    private readonly listener: KernelListener,
  ) {
    const images = new ImageLibrary();
    const store = (this.store = new AnnotationStore(images));
    const defaults = options.defaults ?? { model: null, device: null, engine: null };
    const cli = options.cli ?? (() => bundle('cli'));
    const adaptersOf = (notebook: string) => this.adapters.get(notebook) ?? null;
    const emit = (notebook: string, event: ViewerEvent) => listener.viewer(notebook, event);
    const log = (error: unknown) =>
      listener.log('error', error instanceof Error ? (error.stack ?? error.message) : String(error));

    this.models = new Models(options.createPredictor, images, (model) => this.describe(model));
    this.services = { store, images, models: this.models };
    this.runs = new Runs({ cli, runsFolder: options.runsFolder ?? null, defaults });
    const write: ViewerWrite = (opened, folder, { format, path: target }, source) =>
      exportSession(opened, images, format, path.resolve(folder, target), source);
    this.imageViewers = new ImageViewers({ store, images, models: this.models, adaptersOf, write, emit, log });
    this.runViewers = new RunViewers(this.runs, emit);
    this.inspections = new Inspections(options.createInspector ?? noInspector, images);
    this.handlers = apiHandlers({
      store,
      images,
      models: this.models,
      runs: this.runs,
      inspections: this.inspections,
      cli,
      defaults,
      adaptersOf,
      useAdapters: (notebook, file) => this.useAdapters(notebook, file),
    });
    this.cells = new NotebookCells({
      entry: options.cellEntry ?? (() => bundle('cell')),
      call: (method, params, context) => this.call(method, params, context),
      output: (notebook, executionId, output) => listener.output(notebook, executionId, output),
    });
  }

  /** Evaluates a cell after those asked for before it. @returns whether it ended without an error. */
  execute(params: ExecuteParams): Promise<boolean> {
    return this.cells.execute(params);
  }

  interrupt(notebook: string): boolean {
    return this.cells.interrupt(notebook);
  }

  /** Ends the cells of a notebook and forgets its variables and views. Runs go on. */
  async close(notebook: string): Promise<void> {
    const ended = this.cells.close(notebook);
    this.imageViewers.close(notebook);
    this.runViewers.close(notebook);
    this.inspections.close(notebook);
    // Before anything is waited for: who opens the notebook again meanwhile holds its images anew.
    const left = this.store.leave(notebook);
    await Promise.all([ended, left]);
  }

  async view(notebook: string, folder: string, request: ViewerRequest): Promise<void> {
    if (isTrainingRequest(request)) {
      await this.runViewers.handle(notebook, request);
    } else {
      await this.imageViewers.handle(notebook, folder, request);
    }
  }

  inspect(params: InspectParams): Promise<InspectorOutput> {
    return openInspection(this.store, this.inspections, params);
  }

  answerInspector(request: InspectorRequest): Promise<InspectorEvent> {
    return this.inspections.answer(request);
  }

  startRun(params: FineTuneParams): Promise<string> {
    return this.runs.start(params);
  }

  forecastRun(params: FineTuneParams, signal: AbortSignal): Promise<RunForecast> {
    return this.runs.forecast(params, signal);
  }

  resumeRun(run: string): Promise<void> {
    return this.runs.resume(run);
  }

  /** @param target absolute path of the data set's folder */
  exportLabelled(
    notebook: string,
    folder: string,
    outputs: readonly (ImageOutput | ImageOutputV1)[],
    target: string,
  ): Promise<LabelledExport> {
    return exportLabelled(this.services, notebook, folder, outputs, target, this.adapters.get(notebook) ?? null);
  }

  stopRun(run: string): boolean {
    return this.runs.stop(run);
  }

  /** @param file absolute path, or null for the frozen model. @throws UserError; the adapters before stay in use then. */
  async useAdapters(notebook: string, file: string | null): Promise<KernelStatus> {
    const before = this.adapters.get(notebook) ?? null;
    // At once: what is asked from here on is answered with them, however long they take to load.
    this.setAdapters(notebook, file);
    try {
      await this.models.describe(file);
    } catch (error) {
      if ((this.adapters.get(notebook) ?? null) === file) this.setAdapters(notebook, before);
      throw error;
    }
    void this.imageViewers.answerAgain(notebook);
    return this.status();
  }

  async status(): Promise<KernelStatus> {
    const { deviceNotes = () => [], engineMemoryMB = async () => 0 } = this.options;
    const memoryMB = Math.round(process.memoryUsage().rss / 2 ** 20 + (await engineMemoryMB()));
    return { ...this.described, deviceNotes: deviceNotes(), memoryMB, pid: process.pid };
  }

  async dispose(): Promise<void> {
    await Promise.all(this.cells.names().map((notebook) => this.close(notebook)));
    this.imageViewers.dispose();
    this.inspections.dispose();
    this.models.dispose();
    await this.options.dispose?.();
    await this.store.release();
  }

  private setAdapters(notebook: string, file: string | null): void {
    if (file === null) this.adapters.delete(notebook);
    else this.adapters.set(notebook, file);
  }

  private describe({ model, adapters, device }: ModelDescription): void {
    const before = this.described;
    if (before.model === model && before.adapters === adapters && before.device === device) return;
    this.described = { model, adapters, device };
    void this.status().then((status) => this.listener.status(status));
  }

  private async call(method: ApiMethod, params: unknown, context: CallContext): Promise<unknown> {
    if (!Object.hasOwn(this.handlers, method)) throw new UserError(`the kernel knows no call "${method}"`);
    const handler = this.handlers[method] as (params: unknown, context: CallContext) => Promise<unknown>;
    try {
      return await handler(params, context);
    } finally {
      // What a cell began outlasts it: where its notebook was closed meanwhile, nobody else lets its images go.
      if (!this.cells.has(context.notebook)) await this.store.leave(context.notebook);
    }
  }
}
