import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { UserError } from '../errors';
import { messageOf } from './errors';
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

/**
 * The models of one executor, in a temporary folder that only this user can read.
 * Files, because a restarted engine needs its programs again, and because mapped weights are shared: by all programs
 * of an engine, and by a training run beside it.
 */
export class ProgramFolder {
  readonly path = fs.mkdtempSync(path.join(os.tmpdir(), 'med-sa-engine-'));
  readonly #weights = new WeightPool(this.path);
  readonly #removeAtExit = () => this.remove();

  constructor() {
    process.once('exit', this.#removeAtExit);
  }

  /** @throws UserError when a file cannot be written (a full disk, most likely) */
  async add(id: number, program: Program): Promise<ProgramFile> {
    const { name, inputs, outputs } = program;
    const modelFile = path.join(this.path, `${id}.onnx`);
    // The runtime takes locations below one folder only: the root of the file system holds every file but, on Windows,
    // those of other drives, which are copied.
    const weightRoot = path.parse(this.path).root;
    const draft = this.#weights.draft(id);
    const model = program.emit((weight) => {
      const { source } = weight;
      const { file, offset } = source && path.parse(source.file).root === weightRoot ? source : draft.place(weight);
      return { file: path.relative(weightRoot, file), offset };
    });
    try {
      await draft.write();
      await fs.promises.writeFile(modelFile, model);
    } catch (cause) {
      await fs.promises.rm(modelFile, { force: true });
      await this.#weights.release(id);
      const reason = messageOf(cause);
      const size = Math.ceil((model.byteLength + draft.bytes) / 2 ** 20);
      const advice = `Free ${size} MB there, or let TMPDIR name another folder.`;
      throw new UserError(`The program "${name}" could not be written to ${this.path}: ${reason}. ${advice}`, {
        file: modelFile,
        cause,
      });
    }
    return { name, inputs, outputs, modelFile, weightRoot };
  }

  async delete(id: number): Promise<void> {
    await fs.promises.rm(path.join(this.path, `${id}.onnx`), { force: true });
    await this.#weights.release(id);
  }

  remove(): void {
    process.off('exit', this.#removeAtExit);
    fs.rmSync(this.path, { recursive: true, force: true });
  }
}
