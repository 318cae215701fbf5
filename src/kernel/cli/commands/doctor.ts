import { parityReport } from '../doctor/parity';
import { healthReport } from '../doctor/health';
import { command, exitCodes, json } from '../command';
import { folder } from '../commonOptions';
import { device, precision } from '../device';

/** med-sa doctor */
export const doctor = command(
  {
    name: 'doctor',
    summary: 'Check this installation and its devices; or, with --parity, that a device computes right.',
    operands: [],
    options: {
      parity: folder('Compare with goldens that another implementation computed: config.json and *_io.safetensors'),
      device,
      precision,
      json,
    },
    notes: [
      'Exit code 1: something does not work, or a value of --parity misses its tolerance, which follows the precision.',
    ],
  },
  async ({ values: { parity, device: request = 'auto', precision: asked }, output }) => {
    const { result, lines, healthy } =
      parity === undefined ? await healthReport(request) : await parityReport(parity, request, asked);
    output.result(result, lines);
    return healthy ? exitCodes.success : exitCodes.failure;
  },
);
