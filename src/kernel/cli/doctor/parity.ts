import { precisionOf, type Precision } from '../../runtime/precision';
import type { DeviceRequest } from '../../runtime/types';
import { checkParity, parityTolerances, type ParityRow } from '../../training/parity';
import { deviceLines, openExecutor } from '../device';
import { tableLines } from '../table';
import type { DoctorReport } from './report';

/** Whether a device computes what the goldens of a folder say, group by group. */
export async function parityReport(folder: string, request: DeviceRequest, asked?: Precision): Promise<DoctorReport> {
  const { executor, notes } = await openExecutor(request, undefined, asked);
  try {
    const precision = precisionOf(executor.device);
    const { outputs, gradients } = parityTolerances[precision];
    const stated = `precision ${precision}: outputs within ${outputs.toExponential(0)}, gradients within ${gradients.toExponential(0)}`;
    const rows = await checkParity(folder, executor, precision);
    const missed = rows.filter(({ holds }) => !holds);
    const verdict =
      missed.length === 0
        ? `${executor.device} computes right: all ${rows.length} groups hold`
        : `${executor.device} misses ${missed.length} of ${rows.length} groups: do not trust its results`;
    return {
      result: { folder, device: executor.device, precision, rows, holds: missed.length === 0 },
      lines: [
        ...deviceLines(executor, notes),
        stated,
        ...tableLines([heading, ...rows.map(rowCells)], [0, 5]),
        verdict,
      ],
      healthy: missed.length === 0,
    };
  } finally {
    await executor.dispose();
  }
}

const heading = ['group', 'tensors', 'worst error', 'tolerance', 'holds', 'worst tensor'];

const rowCells = ({ group, tensors, worst, tolerance, holds, worstTensor }: ParityRow): string[] => [
  group,
  String(tensors),
  worst.toExponential(1),
  tolerance.toExponential(0),
  holds ? 'yes' : 'NO',
  worstTensor,
];
