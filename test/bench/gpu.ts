import path from 'node:path';
import { UsageError, UserError } from '../../src/kernel/errors';
import { builtEntry } from '../../src/kernel/runtime/engineChild';
import { listDevices } from '../../src/kernel/runtime/devices';
import { createLocalExecutor, type LocalExecutor } from '../../src/kernel/runtime/localExecutor';
import { defaultThreads } from '../../src/kernel/runtime/threads';
import type { DeviceName } from '../../src/kernel/runtime/types';
import { samConfigs } from '../../src/kernel/sam/config';
import { checkParity, type ParityRow } from '../../src/kernel/training/parity';
import { benchRow, type Bench, type BenchOptions, type BenchRow } from './bench';
import { compareRuns, comparisonRows } from './comparison';
import { projectRoot } from '../support/projectRoot';
import { TorchReference } from './torchReference';
import { loadWork, type Work } from './workloads';

type ModelName = keyof typeof samConfigs;
const modelNames = Object.keys(samConfigs) as ModelName[];
const runs = 10;

/** What a GPU gives: right results, and its speed beside PyTorch's on the same card. */
export const gpu: Bench = {
  description: 'parity, encode and training step on every GPU device, against PyTorch eager and compiled',
  takes: {
    device: 'this one instead of every GPU device of ONNX Runtime that works',
    model: `one of ${modelNames.join(', ')} instead of vit_b, vit_l and vit_h`,
  },
  async run(options) {
    const devices = options.device === null ? await workingGpus() : [options.device];
    const works = worksOf(options);
    const rows: BenchRow[] = [];
    for (const device of devices) {
      const executor = await createLocalExecutor({ device });
      try {
        rows.push(await parityRow(executor));
        for (const work of works) rows.push(...(await workRows(executor, work)));
      } finally {
        await executor.dispose();
      }
    }
    return { rows };
  },
};

/** @throws UserError saying of each GPU device why it does not work */
async function workingGpus(): Promise<DeviceName[]> {
  const reports = (await listDevices({ entry: builtEntry() })).filter(({ device }) => device !== 'cpu');
  const working = reports.filter(({ problem }) => problem === null).map(({ device }) => device);
  if (working.length > 0) return working;
  const reasons = reports.map(({ problem }) => `  ${problem!.message}`);
  throw new UserError(['no GPU device works here', ...reasons].join('\n'));
}

/** Encode at each model's own side; training steps of the smallest at its own side and at 256 pixels. */
function worksOf({ model }: BenchOptions): Work[] {
  const chosen = modelNames.find((name) => name === model);
  if (model !== null && chosen === undefined) {
    throw new UsageError(`there is no model ${model}: ${modelNames.join(', ')}`);
  }
  const names: readonly ModelName[] = chosen === undefined ? ['vit_b', 'vit_l', 'vit_h'] : [chosen];
  const trained = samConfigs[names[0]];
  return [
    ...names.map((name): Work => {
      const config = samConfigs[name];
      return { what: 'encode', config, imageSize: config.imageSize, batch: 1 };
    }),
    ...[...new Set([trained.imageSize, 256])].map((imageSize): Work => ({
      what: 'step',
      config: trained,
      imageSize,
      batch: 4,
    })),
  ];
}

async function parityRow(executor: LocalExecutor): Promise<BenchRow> {
  console.error(`parity on ${executor.device} …`);
  const groups = await checkParity(path.join(projectRoot, 'test', 'fixtures', 'parity', 'tiny'), executor);
  // Some groups tolerate nothing: no error is none of it, any error is too much.
  const share = (group: ParityRow): number => (group.worst === 0 ? 0 : group.worst / group.tolerance);
  const worst = groups.reduce((a, b) => (share(b) > share(a) ? b : a));
  return benchRow({
    name: `${executor.device}: parity, worst of ${groups.length} groups`,
    ours: share(worst),
    goal: 1,
    unit: '× tolerance',
    note: `${worst.group} ${worst.worstTensor}`,
  });
}

/** Once against PyTorch eager, once against torch.compile; each with runs of ours between the reference's. */
async function workRows(executor: LocalExecutor, work: Work): Promise<BenchRow[]> {
  const name = `${executor.device}: ${work.what}, ${work.config.name}, ${work.imageSize} px, batch ${work.batch}`;
  let loaded;
  try {
    console.error(`${name} …`);
    loaded = await loadWork(executor, work);
  } catch (error) {
    // One model that does not fit says so in its row and leaves the others their turn.
    if (!(error instanceof Error)) throw error;
    return [benchRow({ name, ours: NaN, goal: null, unit: 'ms', note: error.message })];
  }
  const rows: BenchRow[] = [];
  try {
    for (const mode of ['eager', 'compile'] as const) {
      const { run } = loaded;
      rows.push(...(await againstTorch(`${name}, against ${mode}`, executor.device, work, mode, run)));
    }
  } finally {
    await loaded.release();
  }
  return rows;
}

async function againstTorch(
  name: string,
  device: DeviceName,
  work: Work,
  mode: 'eager' | 'compile',
  run: () => Promise<void>,
): Promise<BenchRow[]> {
  let reference: TorchReference | null = null;
  let missing: string | undefined;
  try {
    const options = {
      device: device === 'cpu' ? ('cpu' as const) : ('cuda' as const),
      mode,
      threads: defaultThreads(),
    };
    reference = await TorchReference.start(projectRoot, work, options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    missing = error.message;
  }
  try {
    const comparison = await compareRuns(runs, run, reference);
    const [wall] = comparisonRows(name, null, { ...comparison, missing: missing ?? comparison.missing });
    return [wall];
  } finally {
    await reference?.stop();
  }
}
