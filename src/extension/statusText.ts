import path from 'node:path';
import type { KernelStatus } from '../protocol';
import type { Translate } from './l10n';

/** What is known of the kernel. */
export interface KernelState {
  /** `silent`: its process lives and does not answer. */
  readonly kernel: 'off' | 'starting' | 'on' | 'silent';
  /** As it last told; null before that, and when it is off. */
  readonly status: KernelStatus | null;
}

/** `runs/sunnybrook/checkpoints/best.safetensors` is known as `sunnybrook`. */
export function adaptersName(file: string): string {
  const folder = path.dirname(file);
  const run = path.basename(folder) === 'checkpoints' ? path.basename(path.dirname(folder)) : '';
  return run || path.basename(file, path.extname(file));
}

const icons = { off: 'circle-outline', starting: 'loading~spin', on: 'sparkle', silent: 'warning' };

/** The line of the status bar: model + adapters · device. */
export function statusLine({ kernel, status }: KernelState, t: Translate): string {
  const icon = `$(${icons[kernel]})`;
  if (kernel === 'silent') return `${icon} ${t('Med-SA does not answer')}`;
  if (!status?.model) return `${icon} Med-SA`;
  const { model, adapters, device } = status;
  const parts = [model, adapters && adaptersName(adapters)].filter(Boolean).join(' + ');
  return `${icon} ${parts}${device ? ` · ${device}` : ''}`;
}

export function kernelText({ kernel, status }: KernelState, t: Translate): string {
  switch (kernel) {
    case 'off':
      return t('not running; it starts with the first cell or click');
    case 'starting':
      return t('starting');
    case 'silent':
      return t('running, but it has not answered for ten seconds');
    case 'on':
      return status === null
        ? t('running')
        : t('running, process {0}, {1} MB', status.pid, Math.round(status.memoryMB));
  }
}

/** The tooltip, as label and value; reasons against faster devices stand below the device. */
export function statusDetails(state: KernelState, t: Translate): { label: string; value: string; below: string[] }[] {
  const { status } = state;
  const line = (label: string, value: string, below: readonly string[] = []) => ({ label, value, below: [...below] });
  return [
    line(t('Model'), status?.model ?? t('loaded with the first image')),
    line(t('Adapters'), status?.adapters ?? t('none: the frozen model')),
    line(
      t('Device'),
      status?.device ?? t('chosen with the first image'),
      (status?.deviceNotes ?? []).map((note) => t('not {0}', note)),
    ),
    line(t('Kernel'), kernelText(state, t)),
  ];
}
