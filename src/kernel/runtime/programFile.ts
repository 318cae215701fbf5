import fs from 'node:fs';
import path from 'node:path';
import { UserError } from '../errors';
import { messageOf } from './errors';
import { makeTemporaryFolder } from './temporaryFolders';
import type { Program, ProgramSpec } from './types';
import { WeightPool } from './weightPool';

/**
 * A program whose model lies in a file and whose weights lie in others, mostly the user's checkpoint: the runtime maps
 * them, and no copy is made, neither in a JavaScript heap nor in the runtime.
 */
export interface ProgramFile extends ProgramSpec {
  readonly modelFile: string;
  /** The folder that the weights' locations in the model start from. */
  readonly weightRoot: string;
}

/** A model, and the folder that the locations of its weights start from. */
export interface PlacedModel {
  readonly model: Uint8Array;
  readonly weightRoot: string;
}

/**
 * The models of one executor, in a temporary folder that only this user can read.
 * Files, because a restarted engine needs its programs again, and because mapped weights are shared: by all programs
 * of an engine, and by a training run beside it.
 */
export class ProgramFolder {
  readonly #folder = makeTemporaryFolder('med-sa-engine-');
  readonly path = this.#folder.path;
  readonly #weights = new WeightPool(this.path);
  readonly #removeAtExit = () => this.remove();

  constructor() {
    process.once('exit', this.#removeAtExit);
  }

  /** The program as a model, its weights placed. @throws UserError when they cannot be written (a full disk, most likely) */
  async place(id: number, program: Program): Promise<PlacedModel> {
    // The runtime takes locations below one folder only: the root of the file system holds every file but, on Windows,
    // those of other drives, which are copied.
    const weightRoot = path.parse(this.path).root;
    const draft = this.#weights.draft(id);
    const model = program.emit((weight) => {
      const { source } = weight;
      const { file, offset } = source && path.parse(source.file).root === weightRoot ? source : draft.place(weight);
      return { file: path.relative(weightRoot, file), offset };
    });
    await this.#writing(id, program.name, { file: draft.file, bytes: draft.bytes }, () => draft.write());
    return { model, weightRoot };
  }

  /** The same in a file, for another process. @throws UserError as `place` does */
  async add(id: number, program: Program): Promise<ProgramFile> {
    const { name, inputs, outputs } = program;
    const { model, weightRoot } = await this.place(id, program);
    const modelFile = this.#modelFile(id);
    const target = { file: modelFile, bytes: model.byteLength };
    await this.#writing(id, name, target, () => fs.promises.writeFile(modelFile, model));
    return { name, inputs, outputs, modelFile, weightRoot };
  }

  async #writing(
    id: number,
    name: string,
    { file, bytes }: { readonly file: string; readonly bytes: number },
    write: () => Promise<void>,
  ): Promise<void> {
    try {
      await write();
    } catch (cause) {
      await this.delete(id);
      const advice = `Free ${Math.ceil(bytes / 2 ** 20)} MB there, or let TMPDIR name another folder.`;
      throw new UserError(
        `The program "${name}" could not be written to ${this.path}: ${messageOf(cause)}. ${advice}`,
        {
          file,
          cause,
        },
      );
    }
  }

  #modelFile(id: number): string {
    return path.join(this.path, `${id}.onnx`);
  }

  async delete(id: number): Promise<void> {
    await fs.promises.rm(this.#modelFile(id), { force: true });
    await this.#weights.release(id);
  }

  remove(): void {
    process.off('exit', this.#removeAtExit);
    this.#folder.remove();
  }
}
