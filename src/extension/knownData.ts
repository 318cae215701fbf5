import fs from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';

const memoryKey = 'medSa.data';

interface Remembered {
  /** Folders that the user added. */
  readonly added: readonly string[];
  /** Folders that are found, and that the user does not want to see. */
  readonly hidden: readonly string[];
}

/** A table or description that lies in a data set's folder, and folders that images lie in below it. */
const marks = ['**/{pairs.csv,dataset.json}', '**/{images,imagesTr,img}/*.{png,jpg,jpeg,bmp,tif,tiff,nii,gz,mha,nrrd}'];
const passedOver = '**/{node_modules,.med-sa,checkpoints}/**';
const mostFiles = 2000;
const mostFound = 40;

/** Folders that may be fine-tuned on: those of the workspace that look like it, and those that the user added. */
export class KnownData implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;

  constructor(private readonly memory: vscode.Memento) {}

  /** `added`: shown whatever it turns out to be; another is a guess. */
  async folders(): Promise<{ readonly folder: string; readonly added: boolean }[]> {
    const { added, hidden } = this.remembered;
    const found = (await this.found()).filter((folder) => !added.includes(folder) && !hidden.includes(folder));
    return [
      ...added.map((folder) => ({ folder, added: true })),
      ...found.slice(0, mostFound).map((folder) => ({ folder, added: false })),
    ];
  }

  async add(folder: string): Promise<void> {
    const { added, hidden } = this.remembered;
    await this.remember({
      added: [folder, ...added.filter((one) => one !== folder)],
      hidden: hidden.filter((one) => one !== folder),
    });
  }

  /** Takes a folder off the list; the folder itself stays as it is. */
  async remove(folder: string): Promise<void> {
    const { added, hidden } = this.remembered;
    await this.remember({ added: added.filter((one) => one !== folder), hidden: [...new Set([...hidden, folder])] });
  }

  dispose(): void {
    this.changed.dispose();
  }

  private async found(): Promise<string[]> {
    const [described, pictured] = await Promise.all(
      marks.map((pattern) => vscode.workspace.findFiles(pattern, passedOver, mostFiles)),
    );
    const files = [
      ...described.map(({ fsPath }) => path.dirname(fsPath)),
      ...pictured.map(({ fsPath }) => path.dirname(path.dirname(fsPath))),
    ];
    const folders = await Promise.all(
      [...new Set(files)].map(async (folder) => ((await isFolder(folder)) ? folder : null)),
    );
    return folders.filter((folder) => folder !== null).sort();
  }

  private get remembered(): Remembered {
    return this.memory.get<Remembered>(memoryKey, { added: [], hidden: [] });
  }

  private async remember(value: Remembered): Promise<void> {
    await this.memory.update(memoryKey, value);
    this.changed.fire();
  }
}

const isFolder = async (folder: string): Promise<boolean> =>
  fs.stat(folder).then(
    (stat) => stat.isDirectory(),
    () => false,
  );
