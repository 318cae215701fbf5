import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { bestAdapters, eventsFile } from './identity';
import { runsFolder } from './settings';

const memoryKey = 'medSa.runs';
const remembered = 50;

export interface TrainedAdapters {
  file: string;
  run: string;
  /** Milliseconds since the epoch. */
  modified: number;
}

/** A run's folder, and when it was written to last, milliseconds since the epoch. */
export interface SeenRun {
  run: string;
  modified: number;
}

/** Runs this workspace has seen: those it started, those in the runs folder, those anywhere in the workspace. */
export class KnownRuns {
  constructor(private readonly memory: vscode.Memento) {}

  async remember(run: string): Promise<void> {
    await this.memory.update(memoryKey, [run, ...this.others(run)].slice(0, remembered));
  }

  /** Folders of runs, the last one written to first. */
  async folders(): Promise<SeenRun[]> {
    return (await this.dated(eventsFile)).map(({ file, modified }) => ({ run: path.dirname(file), modified }));
  }

  /** Runs of this workspace that do not lie in this folder. */
  elsewhere(folder: string): string[] {
    const inside = (run: string): boolean => !path.relative(folder, run).startsWith('..');
    return this.started.filter((run) => !inside(run) && existsSync(run)).slice(0, 10);
  }

  async forget(run: string): Promise<void> {
    await this.memory.update(memoryKey, this.others(run));
  }

  /** Adapters of runs that reached a validation, the newest first. */
  async adapters(): Promise<TrainedAdapters[]> {
    const files = await this.dated(bestAdapters);
    return files.map(({ file, modified }) => ({ file, run: path.dirname(path.dirname(file)), modified }));
  }

  /** Files of that name in runs, the last one written to first. */
  private async dated(name: string): Promise<DatedFile[]> {
    const files = await Promise.all([...(await this.files(name))].map(dated));
    return files.filter((one) => one !== null).sort((a, b) => b.modified - a.modified);
  }

  /** Files of that name in runs: in the runs folder, in the workspace, and where this workspace started one. */
  private async files(name: string): Promise<Set<string>> {
    const inRunsFolder = new vscode.RelativePattern(vscode.Uri.file(runsFolder()), `**/${name}`);
    const found = await Promise.all([
      vscode.workspace.findFiles(inRunsFolder, null, 200),
      vscode.workspace.findFiles(`**/${name}`, '**/node_modules/**', 200),
    ]);
    return new Set([...found.flat().map(({ fsPath }) => fsPath), ...this.started.map((run) => path.join(run, name))]);
  }

  /** Runs that this workspace started, the last one first. */
  private get started(): string[] {
    return this.memory.get<string[]>(memoryKey, []);
  }

  private others(run: string): string[] {
    return this.started.filter((other) => other !== run);
  }
}

interface DatedFile {
  readonly file: string;
  readonly modified: number;
}

async function dated(file: string): Promise<DatedFile | null> {
  try {
    return { file, modified: (await fs.stat(file)).mtimeMs };
  } catch {
    // The run was deleted, or has not come so far.
    return null;
  }
}
