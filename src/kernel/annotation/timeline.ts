import type { AnnotationObject } from '../../protocol';
import { type Change, changeOf, type Content, type Layer, layerKey } from './content';
import { type Edit, editName, firstObject, type TimelineEvent } from './edits';

interface Step {
  readonly edit: Edit;
  readonly before: Change;
  readonly after: Change;
}

/** What an event changed. */
export interface Changed {
  readonly objects: boolean;
  readonly layers: readonly { readonly object: string; readonly slice: number }[];
}

const nothing: Changed = { objects: false, layers: [] };

/**
 * Everything that was done to one image, over all objects and slices, with undo and redo without limit. A new edit
 * forgets what was undone. A step remembers what it replaced, so that going back costs what going forward did.
 */
export class Timeline implements Content {
  private steps: Step[] = [];
  private position = 0;
  /** What the newest step did that lies before those that are kept here; null: these are all. */
  private forgotten: string | null = null;
  private currentObjects: readonly AnnotationObject[] = [firstObject];
  private readonly currentLayers = new Map<string, Layer>();
  private selected = firstObject.id;
  private readonly hidden = new Set<string>();

  get objects(): readonly AnnotationObject[] {
    return this.currentObjects.map((object) => ({ ...object, visible: !this.hidden.has(object.id) }));
  }

  get layers(): ReadonlyMap<string, Layer> {
    return this.currentLayers;
  }

  /** The object that was selected last and still is there; else the newest. */
  get active(): string {
    const { currentObjects: objects, selected } = this;
    return objects.some(({ id }) => id === selected) ? selected : objects[objects.length - 1].id;
  }

  /** What an undo would take back, in words; null where there is nothing. */
  get undoName(): string | null {
    return this.position > 0 ? editName(this.steps[this.position - 1].edit) : this.forgotten;
  }

  get redoName(): string | null {
    return this.position < this.steps.length ? editName(this.steps[this.position].edit) : null;
  }

  /** Whether every step is here; `events` tells no others. */
  get isWhole(): boolean {
    return this.forgotten === null;
  }

  /** Whether the step that an undo takes back has to be read from the journal first. */
  get lacksUndo(): boolean {
    return this.position === 0 && this.forgotten !== null;
  }

  /** How many layers the steps put in the place of others: what they take of memory grows with it. */
  get weight(): number {
    return this.steps.reduce((sum, { after }) => sum + after.layers.size, 0);
  }

  layer(object: string, slice: number): Layer | undefined {
    return this.currentLayers.get(layerKey(object, slice));
  }

  /** Whether an event would change anything. */
  wouldChange(event: TimelineEvent): boolean {
    switch (event.edit) {
      case 'undo':
        return this.position > 0;
      case 'redo':
        return this.position < this.steps.length;
      case 'select':
        return this.selected !== event.object;
      case 'show':
        return this.hidden.has(event.object) === event.visible;
      default:
        return changeOf({ objects: this.currentObjects, layers: this.currentLayers }, event) !== null;
    }
  }

  /** @returns what changed; null where the event does nothing, so that nobody has to keep it. */
  apply(event: TimelineEvent): Changed | null {
    if (!this.wouldChange(event)) return null;
    switch (event.edit) {
      case 'undo':
        return this.put(this.steps[--this.position].before);
      case 'redo':
        return this.put(this.steps[this.position++].after);
      case 'select':
        this.selected = event.object;
        return { ...nothing, objects: true };
      case 'show':
        if (event.visible) this.hidden.delete(event.object);
        else this.hidden.add(event.object);
        return { ...nothing, objects: true };
      default:
        return this.edit(event);
    }
  }

  /** Lets the oldest steps go until what an undo may take back weighs at most `weight`. What was undone stays. */
  forget(weight: number): void {
    let [first, left] = [this.position, weight];
    while (first > 0 && this.steps[first - 1].after.layers.size <= left) left -= this.steps[--first].after.layers.size;
    if (first === 0) return;
    this.forgotten = editName(this.steps[first - 1].edit);
    this.steps = this.steps.slice(first);
    this.position -= first;
  }

  /** Selects and hides as another timeline of the same journal does. */
  lookAs({ selected, hidden }: Timeline): void {
    this.selected = selected;
    this.hidden.clear();
    for (const object of hidden) this.hidden.add(object);
  }

  /** The shortest events that lead here: all steps, the way back to where we are, what is no step. */
  events(): TimelineEvent[] {
    const back = Array.from({ length: this.steps.length - this.position }, () => ({ edit: 'undo' }) as const);
    const hidden = [...this.hidden].map((object) => ({ edit: 'show', object, visible: false }) as const);
    return [...this.steps.map(({ edit }) => edit), ...back, { edit: 'select', object: this.selected }, ...hidden];
  }

  /** Every layer that is there, or that a step back or forward would bring. */
  reachable(): Layer[] {
    const changes = this.steps.flatMap(({ before, after }) => [...before.layers.values(), ...after.layers.values()]);
    return [...new Set([...this.currentLayers.values(), ...changes])].filter((layer) => layer !== undefined);
  }

  private edit(edit: Edit): Changed | null {
    const after = changeOf({ objects: this.currentObjects, layers: this.currentLayers }, edit);
    if (after === null) return null;
    const before: Change = {
      objects: after.objects && this.currentObjects,
      layers: new Map([...after.layers.keys()].map((key) => [key, this.currentLayers.get(key)])),
    };
    this.steps = [...this.steps.slice(0, this.position), { edit, before, after }];
    this.position++;
    if (edit.edit === 'object/add') this.selected = edit.object.id;
    return this.put(after);
  }

  private put({ objects, layers }: Change): Changed {
    if (objects !== undefined) this.currentObjects = objects;
    for (const [key, layer] of layers) {
      if (layer === undefined) this.currentLayers.delete(key);
      else this.currentLayers.set(key, layer);
    }
    const changed = [...layers.keys()].map((key) => {
      const cut = key.indexOf('\n');
      return { slice: Number(key.slice(0, cut)), object: key.slice(cut + 1) };
    });
    return { objects: objects !== undefined, layers: changed };
  }
}
