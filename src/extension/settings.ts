import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';

/** The folder that relative settings start from, and the kernel's working directory. */
export function workspaceFolder(): string {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file');
  return folder?.uri.fsPath ?? os.homedir();
}

/** Absolute path of the folder that runs are written to. */
export function runsFolder(): string {
  const folder = vscode.workspace.getConfiguration('medSa').get('runsFolder', 'runs');
  return path.resolve(workspaceFolder(), folder || 'runs');
}

/** A model is a name (`phantom-sam`) or a file; only a file is resolved against the workspace folder. */
function model(name: string): string {
  return /[\\/]|\.(safetensors|pth|pt|bin)$/i.test(name) ? path.resolve(workspaceFolder(), name) : name;
}

/** The settings as the kernel reads them; an unset one leaves the kernel its own default. */
export function kernelEnvironment(): Record<string, string> {
  const settings = vscode.workspace.getConfiguration('medSa');
  const threads = settings.get('threads', 0);
  const name = settings.get('model', '').trim();
  return {
    MEDSA_DEVICE: settings.get('device', 'auto'),
    MEDSA_ENGINE: settings.get('engine', 'onnx'),
    MEDSA_PRECISION: settings.get('precision', 'fast'),
    MEDSA_RUNS: runsFolder(),
    ...(threads > 0 ? { MEDSA_THREADS: String(threads) } : {}),
    ...(name ? { MEDSA_MODEL: model(name) } : {}),
  };
}
