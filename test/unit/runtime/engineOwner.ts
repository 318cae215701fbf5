// A process that starts an engine (beside this bundle), tells its process id and folder, and then either lets its own
// last line of code be its end (`idle`) or sits in the middle of an endless run until somebody kills it (`busy`).
import { createEngine } from '../../../src/kernel/runtime/engine';
import { tensorData } from '../../../src/kernel/graph/tensorData';
import { addProgram, longProgram } from './onnxModels';
import { childProcesses } from './processes';

async function main(): Promise<void> {
  const engine = createEngine({ device: 'cpu', threads: 1 });
  const long = longProgram(1e9);
  const loaded = await engine.load(process.argv[2] === 'busy' ? long : addProgram());
  if (process.argv[2] === 'busy') {
    void engine.run(loaded, { x: tensorData([256, 256], new Float32Array(256 * 256)) }).catch(() => undefined);
  }
  setTimeout(() => process.stdout.write(`${childProcesses(process.pid)[0]}\n`), 100);
}

void main();
