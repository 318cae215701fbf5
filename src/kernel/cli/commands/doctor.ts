import { parityReport } from '../doctor/parity';
import { healthReport } from '../doctor/health';
import { modelReport } from '../doctor/model';
import { UsageError } from '../../errors';
import { command, exitCodes, json } from '../command';
import { folder, model } from '../commonOptions';
import { device, precision } from '../device';
import { engine } from '../engine';
import type { DoctorReport } from '../doctor/report';

/** med-sa doctor */
export const doctor = command(
  {
    name: 'doctor',
    summary: 'Check this installation, what a device computes (--parity), or what of a model trains (--model).',
    operands: [],
    options: {
      parity: folder('Compare with goldens that another implementation computed: config.json and *_io.safetensors'),
      model: { ...model, description: 'Count the parameters of a model or checkpoint, or of vit_b, vit_l, vit_h' },
      engine: { ...engine, description: 'With --parity: what computes (default onnx)' },
      device,
      precision,
      json,
    },
    notes: [
      'Exit code 1: something does not work, or a value of --parity misses its tolerance, which follows the precision.',
    ],
  },
  async ({ values, output }) => {
    const { parity, model: counted, engine = 'onnx', device: request = 'auto', precision } = values;
    if (parity !== undefined && counted !== undefined) {
      throw new UsageError('--parity and --model exclude each other: give one of them');
    }
    const report = (): Promise<DoctorReport> => {
      if (parity !== undefined) return parityReport(parity, { engine, device: request, precision });
      return counted !== undefined ? modelReport(counted) : healthReport(request);
    };
    const { result, lines, healthy } = await report();
    output.result(result, lines);
    return healthy ? exitCodes.success : exitCodes.failure;
  },
);
