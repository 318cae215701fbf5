import { parityReport } from '../doctor/parity';
import { healthReport } from '../doctor/health';
import { command, exitCodes, json } from '../command';
import { folder } from '../commonOptions';
import { device } from '../device';
import { engine } from '../engine';

/** med-sa doctor */
export const doctor = command(
  {
    name: 'doctor',
    summary: 'Check this installation and its devices; or, with --parity, that a device computes right.',
    operands: [],
    options: {
      parity: folder('Compare with goldens that another implementation computed: config.json and *_io.safetensors'),
      engine: { ...engine, description: 'With --parity: what computes (default onnx)' },
      device,
      json,
    },
    notes: ['Exit code 1: something does not work, or a value of --parity misses its tolerance.'],
  },
  async ({ values: { parity, engine = 'onnx', device: request = 'auto' }, output }) => {
    const { result, lines, healthy } =
      parity === undefined ? await healthReport(request) : await parityReport(parity, { engine, device: request });
    output.result(result, lines);
    return healthy ? exitCodes.success : exitCodes.failure;
  },
);
