import { UsageError, UserError } from '../../errors';
import { openNetwork, pipSettings, thisPlace } from '../../downloads';
import {
  chooseCuda,
  cudaMajors,
  driverProblem,
  findDriver,
  findSystemLibraries,
  install,
  installationFolder,
  installationsFolder,
  installedRuntime,
  isIntact,
  listInstallations,
  planInstallation,
  readInstallation,
  removeInstallations,
  sizeOfFolder,
  type CudaMajor,
} from '../../gpu';
import { command, exitCodes, json, type Call } from '../command';
import { gpuSize, installationLines, planLines, planObject } from '../gpuReport';
import { choice, flag } from '../options';

const actions = ['install', 'remove', 'status'] as const;

const options = {
  cuda: choice(
    ['12', '13'],
    'CUDA to install (default: the newest that the driver can run, 13 where there is none yet)',
  ),
  'dry-run': flag('install: only tell what would be fetched, and how much'),
  json,
};
type GpuCall = Call<typeof options>;

/** med-sa gpu */
export const gpu = command(
  {
    name: 'gpu',
    summary: 'Install, remove or show what ONNX Runtime needs to compute on NVIDIA GPUs (CUDA).',
    operands: [{ name: 'ACTION', description: actions.join(', ') }],
    options,
    notes: [
      'install fetches the CUDA provider of the installed ONNX Runtime and the CUDA libraries that this machine lacks:',
      "  CUDA 13 from the Python index, CUDA 12 from NuGet, with pip's and npm's index, proxy and certificate settings.",
      '  An interrupted install goes on where it stopped. The NVIDIA driver is not installed: that is for the system.',
      "Everything goes into the user's cache folder; nothing else is changed.",
    ],
  },
  async (call) => {
    const action = actions.find((one) => one === call.operands[0]);
    if (action === undefined) {
      throw new UsageError(
        `ACTION is "${call.operands[0]}": choose one of ${actions.join(', ')} (see: med-sa gpu --help)`,
      );
    }
    if (action === 'install') return installGpu(call);
    return action === 'remove' ? removeGpu(call) : showGpu(call);
  },
);

async function installGpu({ values, output, interrupts: { signal } }: GpuCall): Promise<number> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new UserError(
      `CUDA for ONNX Runtime exists for Linux x64, not for ${process.platform} ${process.arch}: use the device "webgpu", on Windows "dml", on Apple silicon "coreml"`,
    );
  }
  const runtime = installedRuntime();
  const root = installationsFolder();
  const driver = await findDriver();
  const cuda = values.cuda === undefined ? chooseCuda(driver) : (Number(values.cuda) as CudaMajor);
  const problem = driver && driverProblem(driver, cuda);
  if (problem)
    throw new UserError(`${problem}: update the driver, or choose --cuda ${cudaMajors.find((one) => one !== cuda)}`);
  if (driver === null) output.note('no NVIDIA driver answers here (nvidia-smi): CUDA will compute once there is one');
  const there = readInstallation(installationFolder(root, runtime.version, cuda));
  const onSystem = await findSystemLibraries();
  if (there !== null && there.onSystem.every(onSystem) && (await isIntact(there, signal))) {
    output.result({ installed: true, changed: false, ...there }, [
      'already installed and intact',
      ...installationLines(there),
    ]);
    return exitCodes.success;
  }
  const network = openNetwork();
  try {
    const sources = { indexes: pipSettings(thisPlace()).indexes, nugetFeed: null, network };
    const plan = await planInstallation(runtime, cuda, sources, onSystem, signal);
    const lines = planLines(plan, root);
    if (values['dry-run']) {
      output.result(planObject(plan, root), lines);
      return exitCodes.success;
    }
    for (const line of lines) output.note(line);
    const onProgress = (what: string, done: number, total: number): void =>
      output.progress(`MB, ${what}`, Math.round(done / 1e6), Math.round(total / 1e6));
    const installed = await install({ plan, runtime, sources, onSystem, root, signal, onProgress });
    const advice = driver === null ? 'once an NVIDIA driver is there: med-sa doctor' : 'check it with: med-sa doctor';
    output.result({ installed: true, changed: true, ...installed }, [...installationLines(installed), advice]);
    return exitCodes.success;
  } finally {
    await network.close();
  }
}

async function removeGpu({ output }: GpuCall): Promise<number> {
  const root = installationsFolder();
  const freed = removeInstallations(root);
  output.result({ removed: freed > 0, folder: root, bytes: freed }, [
    freed > 0 ? `${root} removed: ${gpuSize(freed)} freed` : `nothing is installed in ${root}`,
  ]);
  return exitCodes.success;
}

async function showGpu({ output }: GpuCall): Promise<number> {
  const root = installationsFolder();
  const { version } = installedRuntime();
  const found = listInstallations(root);
  const usable = found.find(({ onnxruntime }) => onnxruntime === version) ?? null;
  const driver = await findDriver();
  const leftovers =
    found.length === 0 && sizeOfFolder(root) > 0 ? [`an install was not finished in ${root}: do it again`] : [];
  output.result({ onnxruntime: version, folder: root, driver, installed: usable !== null, installation: usable }, [
    driver === null ? 'NVIDIA driver: none answers (nvidia-smi)' : `NVIDIA driver ${driver.version}`,
    ...(usable === null
      ? [`CUDA for ONNX Runtime ${version}: not installed (med-sa gpu install)`]
      : installationLines(usable)),
    ...found
      .filter((one) => one !== usable)
      .map((one) => `${one.folder}: of ONNX Runtime ${one.onnxruntime}, not used`),
    ...leftovers,
  ]);
  return exitCodes.success;
}
