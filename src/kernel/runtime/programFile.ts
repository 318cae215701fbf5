import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { UserError } from '../errors';
import { messageOf } from './errors';
import type { Program } from './types';

/** A program whose model lies in a file: the runtime reads it by itself, and no copy passes through a JavaScript heap. */
export interface ProgramFile extends Omit<Program, 'model'> {
  readonly modelFile: string;
}

/**
 * The models of one engine, in a temporary folder that only this user can read.
 * Files, because a restarted engine needs its programs again: kept in the client's memory, a full-size SAM would cost
 * the kernel some 400 MB for as long as it lives, and as much again to send each time.
 */
export class ProgramFolder {
  readonly path = fs.mkdtempSync(path.join(os.tmpdir(), 'med-sa-engine-'));
  readonly #removeAtExit = () => this.remove();

  constructor() {
    process.once('exit', this.#removeAtExit);
  }

  /** @throws UserError when the model cannot be written (a full disk, most likely) */
  async add(id: number, program: Program): Promise<ProgramFile> {
    const { name, inputs, outputs, model } = program;
    const modelFile = path.join(this.path, `${id}.onnx`);
    try {
      await fs.promises.writeFile(modelFile, model);
    } catch (cause) {
      await fs.promises.rm(modelFile, { force: true });
      const reason = messageOf(cause);
      const advice = `Free ${Math.ceil(model.byteLength / 2 ** 20)} MB there, or let TMPDIR name another folder.`;
      throw new UserError(`The program "${name}" could not be written to ${this.path}: ${reason}. ${advice}`, {
        file: modelFile,
        cause,
      });
    }
    return { name, inputs, outputs, modelFile };
  }

  async delete(program: ProgramFile): Promise<void> {
    await fs.promises.rm(program.modelFile, { force: true });
  }

  remove(): void {
    process.off('exit', this.#removeAtExit);
    fs.rmSync(this.path, { recursive: true, force: true });
  }
}
