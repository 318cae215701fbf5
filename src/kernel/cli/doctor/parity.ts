import { precisionOf } from '../../runtime/precision';
import { checkParity, parityTolerances, type ParityRow } from '../../training/parity';
import { openEngine, type EngineRequest } from '../engine';
import { tableLines } from '../table';
import type { DoctorReport } from './report';

/** Whether an engine on a device computes what the goldens of a folder say, group by group. */
export async function parityReport(folder: string, request: EngineRequest): Promise<DoctorReport> {
  const { executor, lines } = await openEngine(request);
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
      result: { folder, engine: request.engine, device: executor.device, precision, rows, holds: missed.length === 0 },
      lines: [...lines, stated, ...tableLines([heading, ...rows.map(rowCells)], [0, 5]), verdict],
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
