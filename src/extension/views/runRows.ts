import type { Translate } from '../l10n';
import type { ListedRun } from '../runList';
import { durationText } from './figures';
import type { Row } from './row';

const icons: Record<ListedRun['status'], { icon: string; colour?: string }> = {
  running: { icon: 'loading~spin', colour: 'charts.blue' },
  done: { icon: 'pass', colour: 'testing.iconPassed' },
  failed: { icon: 'error', colour: 'testing.iconFailed' },
  stopped: { icon: 'debug-pause' },
  stale: { icon: 'debug-disconnect', colour: 'charts.orange' },
};

/** Runs at work first, then the last one begun. */
export const sortRuns = (runs: readonly ListedRun[]): ListedRun[] =>
  [...runs].sort(
    (a, b) =>
      Number(b.status === 'running') - Number(a.status === 'running') ||
      (b.started ?? 0) - (a.started ?? 0) ||
      a.run.localeCompare(b.run),
  );

/** What can be done with a run, as the manifest's menus ask for it: "run.resumable.adapters". */
export function runContext({ status, best }: Pick<ListedRun, 'status' | 'best'>): string {
  return [
    'run',
    status === 'running' ? 'running' : 'idle',
    ...(status === 'stopped' || status === 'failed' || status === 'stale' ? ['resumable'] : []),
    ...(best === null ? [] : ['adapters']),
  ].join('.');
}

export function statusText(status: ListedRun['status'], t: Translate): string {
  switch (status) {
    case 'running':
      return t('running');
    case 'done':
      return t('done');
    case 'failed':
      return t('failed');
    case 'stopped':
      return t('stopped');
    case 'stale':
      return t('interrupted: its process is gone');
  }
}

const startedStyle = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' } as const;

/** Without the moment that a run's folder is named after: it stands beside. */
const shortName = (name: string): string => name.replace(/-\d{8}-\d{6}(-\d+)?$/, '') || name;

export function runRow(run: ListedRun, t: Translate): Row {
  const { status, epoch, epochs, bestDice, seconds, device, message, started } = run;
  const time = durationText(seconds, t);
  const dice = bestDice === null ? [] : [t('Dice {0}', bestDice.toFixed(3))];
  const progress = status === 'done' ? [] : [t('epoch {0} of {1}', epoch, epochs)];
  return {
    id: run.run,
    label: shortName(run.name),
    description: [
      ...(status === 'stale' || status === 'failed' ? [statusWord(status, t)] : []),
      ...progress,
      ...dice,
      time,
      ...(started === null ? [] : [new Date(started).toLocaleString(undefined, startedStyle)]),
    ].join(' · '),
    ...icons[status],
    context: runContext(run),
    opens: true,
    lines: [
      statusText(status, t),
      t('{0} of {1} epochs in {2}', epoch, epochs, time) + (device === null ? '' : ` ${t('on {0}', device)}`),
      ...(bestDice === null ? [] : [t('best validation Dice {0}', bestDice.toFixed(4))]),
      ...(message === null ? [] : [message]),
      run.run,
    ],
  };
}

const statusWord = (status: 'stale' | 'failed', t: Translate): string =>
  status === 'failed' ? t('failed') : t('interrupted');
