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
    const others = this.memory.get<string[]>(memoryKey, []).filter((other) => other !== run);
    await this.memory.update(memoryKey, [run, ...others].slice(0, remembered));
  }

  /** Runs of this workspace that do not lie in this folder. */
  elsewhere(folder: string): string[] {
    const inside = (run: string): boolean => !path.relative(folder, run).startsWith('..');
    return this.memory
      .get<string[]>(memoryKey, [])
      .filter((run) => !inside(run) && existsSync(run))
      .slice(0, 10);
  }

  async forget(run: string): Promise<void> {
    const others = this.memory.get<string[]>(memoryKey, []).filter((other) => other !== run);
    await this.memory.update(memoryKey, others);
  }

  /** Folders of runs, the last one written to first. */
  async folders(): Promise<SeenRun[]> {
    const logs = await Promise.all([...(await this.files(eventsFile))].map(describe));
    return logs
      .filter((one) => one !== null)
      .map(({ file, modified }) => ({ run: path.dirname(file), modified }))
      .sort((a, b) => b.modified - a.modified);
  }

  /** Adapters of runs that reached a validation, the newest first. */
  async adapters(): Promise<TrainedAdapters[]> {
    const files = await this.files(bestAdapters);
    const adapters = await Promise.all([...files].map(describe));
    return adapters.filter((one) => one !== null).sort((a, b) => b.modified - a.modified);
  }

  /** Files of that name in runs: in the runs folder, in the workspace, and where this workspace started one. */
  private async files(name: string): Promise<Set<string>> {
    const inRunsFolder = new vscode.RelativePattern(vscode.Uri.file(runsFolder()), `**/${name}`);
    const found = await Promise.all([
      vscode.workspace.findFiles(inRunsFolder, null, 200),
      vscode.workspace.findFiles(`**/${name}`, '**/node_modules/**', 200),
    ]);
    return new Set([
      ...found.flat().map(({ fsPath }) => fsPath),
      ...this.memory.get<string[]>(memoryKey, []).map((run) => path.join(run, name)),
    ]);
  }
}

async function describe(file: string): Promise<TrainedAdapters | null> {
  try {
    const { mtimeMs } = await fs.stat(file);
    return { file, run: path.dirname(path.dirname(file)), modified: mtimeMs };
  } catch {
    // The run was deleted, or never reached a validation.
    return null;
  }
}
