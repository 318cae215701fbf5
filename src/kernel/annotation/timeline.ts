import type { PromptV1 as Prompt } from '../../protocol';

/** What a person did. `clear` empties one slice. */
export type Edit =
  | { readonly edit: 'prompt'; readonly slice: number; readonly prompt: Prompt }
  | { readonly edit: 'clear'; readonly slice: number };

/** Everything a journal records: edits and the steps back and forth between them. */
export type TimelineEvent = Edit | { readonly edit: 'undo' } | { readonly edit: 'redo' };

/** Edits of one image over all of its slices, with undo and redo without limit. A new edit forgets what was undone. */
export class Timeline {
  private edits: Edit[] = [];
  private position = 0;

  get canUndo(): boolean {
    return this.position > 0;
  }

  get canRedo(): boolean {
    return this.position < this.edits.length;
  }

  /** @returns the slice that changed, null when there was nothing to undo or redo. */
  apply(event: TimelineEvent): number | null {
    switch (event.edit) {
      case 'undo':
        return this.canUndo ? this.edits[--this.position].slice : null;
      case 'redo':
        return this.canRedo ? this.edits[this.position++].slice : null;
      default:
        this.edits = [...this.edits.slice(0, this.position), event];
        this.position = this.edits.length;
        return event.slice;
    }
  }

  /** Prompts in force on a slice, oldest first: those since its last clear. The objects keep their identity. */
  promptsOf(slice: number): Prompt[] {
    let prompts: Prompt[] = [];
    for (const edit of this.edits.slice(0, this.position)) {
      if (edit.slice !== slice) continue;
      if (edit.edit === 'clear') prompts = [];
      else prompts.push(edit.prompt);
    }
    return prompts;
  }

  /** Slices that hold prompts, ascending. */
  slices(): number[] {
    const touched = new Set(this.edits.slice(0, this.position).map((edit) => edit.slice));
    return [...touched].filter((slice) => this.promptsOf(slice).length > 0).sort((a, b) => a - b);
  }
}
