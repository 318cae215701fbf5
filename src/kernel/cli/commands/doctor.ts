import { parityReport } from '../doctor/parity';
import { healthReport } from '../doctor/health';
import { command, exitCodes, json } from '../command';
import { folder } from '../commonOptions';
import { device, precision } from '../device';
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
      precision,
      json,
    },
    notes: [
      'Exit code 1: something does not work, or a value of --parity misses its tolerance, which follows the precision.',
    ],
  },
  async ({ values: { parity, engine = 'onnx', device: request = 'auto', precision: asked }, output }) => {
    const { result, lines, healthy } =
      parity === undefined
        ? await healthReport(request)
        : await parityReport(parity, { engine, device: request, precision: asked });
    output.result(result, lines);
    return healthy ? exitCodes.success : exitCodes.failure;
  },
);
