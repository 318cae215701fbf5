import { UserError } from '../errors';
import type { DeviceName } from './types';

export const precisions = ['fast', 'exact'] as const;

/** `fast`: a device may round the factors of matrix products where that gains speed. `exact`: float32 throughout. */
export type Precision = (typeof precisions)[number];

/** Read by cuBLAS and cuDNN when they start: "0" forbids TF32. */
const variable = 'NVIDIA_TF32_OVERRIDE';

let cudaStarted = false;

/**
 * Makes a precision the one of this process; call it before the device's libraries are loaded. Only CUDA has a choice:
 * ONNX Runtime lets it multiply in TF32, whose factors have 10 bits of mantissa instead of 23.
 * @throws UserError when CUDA computes in this process already, less exactly than is asked for now
 */
export function applyPrecision(device: DeviceName, precision: Precision): void {
  if (device !== 'cuda') return;
  if (precision === 'exact' && cudaStarted && precisionOf('cuda') === 'fast') {
    throw new UserError('CUDA computes in this process with TF32 already: ask for the precision "exact" in a new one');
  }
  if (precision === 'exact') process.env[variable] = '0';
  cudaStarted = true;
}

/** The precision in which a device of this process computes. */
export const precisionOf = (device: DeviceName): Precision =>
  device === 'cuda' && process.env[variable] !== '0' ? 'fast' : 'exact';
