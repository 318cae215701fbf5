import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { compile, tensorData, type Tensor, type TensorData } from '../../src/kernel/graph';

/**
 * Compiles the outputs to ONNX and computes them once with ONNX Runtime on the CPU. Feeds that the outputs do not
 * depend on are ignored.
 */
export async function runWithOrt(
  outputs: Readonly<Record<string, Tensor>>,
  feeds: Readonly<Record<string, TensorData>>,
): Promise<Record<string, TensorData>> {
  const program = compile('test', outputs);
  const session = await InferenceSession.create(program.emit(), { intraOpNumThreads: 1, logSeverityLevel: 4 });
  try {
    const fed = program.inputs.map(({ name }) => {
      return [name, new OrtTensor('float32', feeds[name].data, feeds[name].shape)] as const;
    });
    const results = await session.run(Object.fromEntries(fed));
    return Object.fromEntries(
      program.outputs.map(({ name }) => [name, tensorData(results[name].dims, results[name].data as Float32Array)]),
    );
  } finally {
    await session.release();
  }
}
