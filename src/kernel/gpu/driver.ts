import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { UserError } from '../errors';
import type { CudaMajor } from './cudaLibraries';

const run = promisify(execFile);

export interface Driver {
  /** As "580.65.06". */
  readonly version: string;
  /** Lowest compute capability of the GPUs, as 8.9; null where the driver does not tell. */
  readonly computeCapability: number | null;
}

/** First driver of each CUDA (CUDA release notes, table "Minimum Required Driver Version"), and the oldest GPUs of CUDA 13. */
const oldestDriver: Readonly<Record<CudaMajor, number>> = { 12: 525, 13: 580 };
const oldestCapability: Readonly<Record<CudaMajor, number>> = { 12: 5, 13: 7.5 };

const programs = ['nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi'];

/** The NVIDIA driver as `nvidia-smi` describes it; null where there is none. */
export async function findDriver(candidates: readonly string[] = programs): Promise<Driver | null> {
  for (const program of candidates) {
    try {
      const query = ['--query-gpu=driver_version,compute_cap', '--format=csv,noheader'];
      const { stdout } = await run(program, query, { timeout: 20_000 });
      const rows = stdout
        .trim()
        .split('\n')
        .map((line) => line.split(',').map((cell) => cell.trim()));
      const capabilities = rows.map(([, capability]) => Number(capability)).filter((value) => value > 0);
      const version = rows[0]?.[0] ?? '';
      const computeCapability = capabilities.length > 0 ? Math.min(...capabilities) : null;
      if (/^\d/.test(version)) return { version, computeCapability };
    } catch {
      // Not installed, or no GPU answers: the next.
    }
  }
  return null;
}

/** Whether the driver and its GPUs can run a CUDA; null when they can, else why not. */
export function driverProblem({ version, computeCapability }: Driver, cuda: CudaMajor): string | null {
  if (parseInt(version, 10) < oldestDriver[cuda]) {
    return `CUDA ${cuda} needs a driver from ${oldestDriver[cuda]} on; this machine has ${version}`;
  }
  if (computeCapability !== null && computeCapability < oldestCapability[cuda]) {
    return `CUDA ${cuda} needs a GPU of compute capability ${oldestCapability[cuda]} or more; this machine has one of ${computeCapability}`;
  }
  return null;
}

/**
 * The CUDA to install: the newest that the driver can run; 13 where no driver is found, as one that is installed later
 * will be new. @throws UserError when the driver is too old for any
 */
export function chooseCuda(driver: Driver | null): CudaMajor {
  if (driver === null) return 13;
  for (const cuda of [13, 12] as const) if (driverProblem(driver, cuda) === null) return cuda;
  throw new UserError(
    `${driverProblem(driver, 12)}: update the NVIDIA driver, or compute with the device "webgpu" or "cpu"`,
  );
}
