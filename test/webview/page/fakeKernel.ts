// Runs in the page: answers a viewer by the protocol, from a drawn volume. Its "model" knows discs: a point gives the disc
// around it, a box what it encloses.
import type { ImageEvent, ImageRequest, ObjectSlice, Plane, PromptEntry, SessionState } from '../../../src/protocol';
import { DrawnVolume, type VolumeOptions } from './drawnVolume';
import { bounds, cut, discs, holes, largestPiece, patchOf, type Plate, strokeOn } from './plates';

type Told = ImageEvent extends infer E ? (E extends { viewId: string } ? Omit<E, 'viewId'> : never) : never;

interface Layer {
  prompts: PromptEntry[];
  mask: Plate;
  revision: number;
  source: ObjectSlice['source'];
  chosen: number;
}

type Work = Map<string, Layer>;

export class FakeKernel {
  readonly asked: ImageRequest[] = [];
  readonly volume: DrawnVolume;
  /** Milliseconds before a slice, and before a mask, is answered. */
  delay = { slice: 0, mask: 0 };
  private readonly views = new Set<string>();
  private slicesTold: Promise<void> = Promise.resolve();
  private work: Work = new Map();
  private past: Work[] = [];
  private future: Work[] = [];
  private state: SessionState;
  private gate: Promise<void> = Promise.resolve();
  private stopped = new Set<string>();

  constructor(
    options: VolumeOptions,
    private readonly tell: (event: ImageEvent) => void,
    private readonly first: number,
  ) {
    this.volume = new DrawnVolume(options);
    const object = { id: 'liver', label: 'liver', colour: '#4fc3f7', visible: true, value: 1 };
    this.state = {
      revision: 1,
      objects: [object],
      active: 'liver',
      undo: null,
      redo: null,
      model: null,
      readOnly: null,
    };
  }

  /** Answers nothing until `resume`. */
  pause(): void {
    this.gate = new Promise((open) => (this.resume = open));
  }

  resume = (): void => undefined;

  async receive(request: ImageRequest): Promise<void> {
    this.asked.push(request);
    await this.gate;
    switch (request.type) {
      case 'viewer/attach':
        this.views.add(request.viewId);
        return await this.attach(request.viewId);
      case 'viewer/detach':
        this.views.delete(request.viewId);
        return;
      case 'viewer/slices':
        return await this.slices(request);
      case 'viewer/prompt/add':
        return await this.editing('point', request.object, request.slice, (layer) => {
          this.prompted(layer, [...layer.prompts, { id: request.id, prompt: request.prompt }]);
        });
      case 'viewer/prompt/move':
        return await this.editing('move', request.object, request.slice, (layer) => {
          const { id, prompt } = request;
          this.prompted(
            layer,
            layer.prompts.map((each) => (each.id === id ? { id, prompt } : each)),
          );
        });
      case 'viewer/prompt/remove':
        return await this.editing('remove', request.object, request.slice, (layer) => {
          this.prompted(
            layer,
            layer.prompts.filter(({ id }) => id !== request.id),
          );
        });
      case 'viewer/choose':
        return await this.editing('choose', request.object, request.slice, (layer) => {
          layer.chosen = request.candidate;
          this.prompted(layer, layer.prompts);
        });
      case 'viewer/stroke':
        return await this.editing('stroke', request.object, request.slice, (layer) => {
          layer.mask = strokeOn(layer.mask, request.points, request.radius, request.erase ? 0 : 1);
          layer.source = 'edited';
        });
      case 'viewer/fill':
      case 'viewer/largest':
        return await this.editing(request.type, request.object, request.slice ?? this.first, (layer) => {
          layer.mask = request.type === 'viewer/fill' ? holes(layer.mask) : largestPiece(layer.mask);
          layer.source = 'edited';
        });
      case 'viewer/clear':
        return await this.editing('clear', request.object ?? 'liver', request.slice ?? this.first, (layer) =>
          Object.assign(layer, { prompts: [], mask: this.empty(), source: 'none' }),
        );
      case 'viewer/undo':
        return this.back(this.past, this.future);
      case 'viewer/redo':
        return this.back(this.future, this.past);
      case 'viewer/hover':
        await wait(this.delay.mask);
        return this.say(request.viewId, {
          type: 'viewer/preview',
          previewId: request.previewId,
          object: request.object,
          slice: request.slice,
          mask: patchOf(discs(this.empty(), [request.prompt], 0), null),
          iou: 0.9,
        });
      case 'viewer/object/add': {
        const { object: id, properties } = request;
        const value = this.state.objects.length + 1;
        const made = { id, label: `object ${value}`, colour: ['#ffb74d', '#ba68c8'][value % 2], visible: true, value };
        return this.changed({ objects: [...this.state.objects, { ...made, ...properties }], active: id }, []);
      }
      case 'viewer/object/remove': {
        const objects = this.state.objects.filter(({ id }) => id !== request.object);
        return this.changed({ objects, active: objects[0].id }, []);
      }
      case 'viewer/object/change': {
        const change = (each: SessionState['objects'][number]) =>
          each.id === request.object ? { ...each, ...request.properties } : each;
        return this.changed({ objects: this.state.objects.map(change) }, []);
      }
      case 'viewer/object/select':
        return this.changed({ active: request.object }, []);
      case 'viewer/propagate':
        return await this.propagate(request.viewId, request.object, request.from);
      case 'viewer/cancel':
        this.stopped.add(request.task);
    }
  }

  /** The mask of an object on a slice; every pixel 0 or 1. */
  mask(object: string, slice: number): number[] {
    return Array.from(this.work.get(`${object} ${slice}`)?.mask.data ?? []);
  }

  private async attach(viewId: string): Promise<void> {
    const { image } = this.volume;
    const objects = this.onSlice(this.first);
    this.say(viewId, {
      type: 'viewer/attached',
      image,
      state: this.state,
      marks: this.marks(),
      slice: this.first,
      objects,
    });
    await this.slice(viewId, image.planes[0].plane, this.first, 1);
  }

  /** One after the other, as they were asked for. */
  private slices(request: Extract<ImageRequest, { type: 'viewer/slices' }>): Promise<void> {
    const { viewId, plane, indices, pixels, shrink = 1 } = request;
    return (this.slicesTold = this.slicesTold.then(async () => {
      for (const index of indices) await this.slice(viewId, plane, index, pixels ? shrink : null);
    }));
  }

  private async slice(viewId: string, plane: Plane, index: number, shrink: number | null): Promise<void> {
    const pixels = shrink === null ? null : await this.volume.slice(plane, index, shrink);
    await wait(this.delay.slice);
    const objects = plane === 'axial' ? this.onSlice(index) : this.crossSections(plane, index);
    this.say(viewId, { type: 'viewer/slice', plane, index, pixels, revision: this.state.revision, objects });
  }

  private async editing(what: string, object: string, slice: number, edit: (layer: Layer) => void): Promise<void> {
    await wait(this.delay.mask);
    this.past.push(this.work);
    this.future = [];
    const before = this.layer(object, slice);
    const layer = { ...before, revision: this.state.revision + 1 };
    edit(layer);
    this.work = new Map(this.work).set(`${object} ${slice}`, layer);
    this.changed({ undo: what, redo: null, model: 'disc-model (cpu)', readOnly: null }, [
      this.told(object, slice, before),
    ]);
  }

  private back(from: Work[], to: Work[]): void {
    const work = from.pop();
    if (!work) return;
    to.push(this.work);
    const keys = new Set([...work.keys(), ...this.work.keys()]);
    const differs = [...keys].filter((key) => work.get(key)?.mask !== this.work.get(key)?.mask);
    this.work = new Map(work);
    for (const key of differs) {
      const [object, slice] = key.split(' ');
      const layer = this.layer(object, Number(slice));
      this.work.set(key, { ...layer, revision: this.state.revision + 1 });
    }
    const steps = { undo: this.past.length ? 'step' : null, redo: this.future.length ? 'step' : null };
    this.changed(
      steps,
      differs.map((key) => this.told(key.split(' ')[0], Number(key.split(' ')[1]), null)),
    );
  }

  private async propagate(viewId: string, object: string, from: number): Promise<void> {
    const { slices } = this.volume.image.planes[0];
    this.past.push(this.work);
    const task = {
      id: `carry-${this.state.revision}`,
      text: 'propagating',
      total: slices - from - 1,
      cancellable: true,
    };
    for (let slice = from + 1; slice < slices && !this.stopped.has(task.id); slice++) {
      this.say(viewId, { type: 'viewer/tasks', tasks: [{ ...task, done: slice - from - 1 }] });
      await wait(this.delay.mask);
      const before = this.layer(object, slice);
      const layer: Layer = {
        ...this.layer(object, from),
        prompts: [],
        revision: this.state.revision + 1,
        source: 'propagated',
      };
      this.work = new Map(this.work).set(`${object} ${slice}`, layer);
      this.changed({ undo: 'propagation' }, [this.told(object, slice, before)]);
    }
    this.say(viewId, { type: 'viewer/tasks', tasks: [] });
  }

  private prompted(layer: Layer, prompts: PromptEntry[]): void {
    layer.prompts = prompts;
    const asked = prompts.map(({ prompt }) => prompt);
    layer.mask = discs(this.empty(), asked, layer.chosen);
    layer.source = 'model';
  }

  private told(object: string, slice: number, before: Layer | null): ObjectSlice {
    const { prompts, mask, revision, source, chosen } = this.layer(object, slice);
    const known = before && bounds(before.mask) ? before : null;
    const changed = known && patchOf(mask, known.mask);
    const clicks = prompts.length === 1 && prompts[0].prompt.kind === 'point';
    const whole = patchOf(mask, null);
    return {
      ...{ object, slice, revision, prompts, source },
      area: areaOf(mask),
      mask: changed ? { whole: false, since: known.revision, patch: changed } : { whole: true, patch: whole },
      iou: source === 'model' ? 0.91 : null,
      candidates: clicks ? [0.91, 0.93, 0.84, 0.7].map((iou, at) => ({ iou, area: 2000 - 400 * at })) : [],
      chosen: clicks ? chosen : null,
    };
  }

  private onSlice(slice: number): ObjectSlice[] {
    return this.state.objects
      .filter(({ id }) => this.work.has(`${id} ${slice}`))
      .map(({ id }) => this.told(id, slice, null));
  }

  private crossSections(plane: Plane, index: number): ObjectSlice[] {
    const info = this.volume.planeInfo(plane);
    return this.state.objects.flatMap(({ id: object }) => {
      const patch = patchOf(
        cut(info, index, (slice) => this.work.get(`${object} ${slice}`)?.mask),
        null,
      );
      const rest = { area: 1, iou: null, candidates: [], chosen: null, source: 'model' as const, prompts: [] };
      const { revision } = this.state;
      return patch ? [{ object, slice: index, revision, mask: { whole: true, patch }, ...rest }] : [];
    });
  }

  private marks() {
    return this.state.objects.map(({ id }) => {
      const slices = [...this.work.keys()]
        .filter((key) => key.startsWith(`${id} `))
        .map((key) => Number(key.split(' ')[1]));
      const prompted = slices.filter((slice) => this.layer(id, slice).prompts.length > 0);
      const areas = slices.map((slice) => areaOf(this.layer(id, slice).mask));
      return { object: id, masked: slices, areas, prompted };
    });
  }

  private layer(object: string, slice: number): Layer {
    const none = { prompts: [], mask: this.empty(), revision: 0, source: 'none' as const, chosen: 0 };
    return this.work.get(`${object} ${slice}`) ?? none;
  }

  private empty(): Plate {
    const { width, height } = this.volume.image.planes[0];
    return { width, height, data: new Uint8Array(width * height) };
  }

  private changed(changes: Partial<SessionState>, objects: ObjectSlice[]): void {
    this.state = { ...this.state, ...changes, revision: this.state.revision + 1 };
    for (const view of this.views) this.say(view, { type: 'viewer/change', state: this.state, objects });
  }

  private say(viewId: string, told: Told): void {
    this.tell({ ...told, viewId } as ImageEvent);
  }
}

const areaOf = ({ data }: Plate): number => data.reduce((sum, value) => sum + value, 0);

const wait = (milliseconds: number): Promise<void> =>
  milliseconds > 0 ? new Promise((done) => setTimeout(done, milliseconds)) : Promise.resolve();
