import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseCuda, driverProblem, findDriver } from '../../../src/kernel/gpu';
import { temporaryFolder } from '../../support/temporaryFolder';

describe('the driver', () => {
  it.skipIf(process.platform === 'win32')('is what nvidia-smi tells, with the oldest of its GPUs', async () => {
    const program = path.join(temporaryFolder('smi'), 'nvidia-smi');
    const says = (text: string): void => fs.writeFileSync(program, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    says('echo "580.65.06, 9.0"; echo "580.65.06, 7.5"');
    expect(await findDriver(['/nowhere/nvidia-smi', program])).toEqual({
      version: '580.65.06',
      computeCapability: 7.5,
    });
    says('echo "550.54.14, [N/A]"');
    expect(await findDriver([program])).toEqual({ version: '550.54.14', computeCapability: null });
    says('echo "NVIDIA-SMI has failed because it couldn\'t communicate with the NVIDIA driver."; exit 9');
    expect(await findDriver([program])).toBeNull();
  });

  it('decides the CUDA', () => {
    expect(chooseCuda(null)).toBe(13);
    expect(chooseCuda({ version: '580.65.06', computeCapability: 8.9 })).toBe(13);
    expect(chooseCuda({ version: '575.57.08', computeCapability: 8.9 })).toBe(12);
    // CUDA 13 has left Volta.
    expect(chooseCuda({ version: '580.65.06', computeCapability: 7 })).toBe(12);
    expect(() => chooseCuda({ version: '470.256', computeCapability: 7 })).toThrow(/from 525 on.*has 470.256.*update/);
    expect(driverProblem({ version: '560.1', computeCapability: null }, 13)).toMatch(/from 580 on/);
  });
});
