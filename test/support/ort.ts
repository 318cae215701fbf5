import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { compile, tensorData, type CompiledGraph, type Tensor, type TensorData } from '../../src/kernel/graph';

type Values = Readonly<Record<string, TensorData>>;
type Optimisation = InferenceSession.SessionOptions['graphOptimizationLevel'];

/** A program in ONNX Runtime on the CPU. Feeds that its outputs do not depend on are ignored. */
export async function openOrt(
  program: CompiledGraph,
  graphOptimizationLevel: Optimisation = 'all',
): Promise<{
  readonly run: (feeds: Values) => Promise<Values>;
  readonly release: () => Promise<void>;
}> {
  const settings = { intraOpNumThreads: 1, logSeverityLevel: 4, graphOptimizationLevel } as const;
  const session = await InferenceSession.create(program.emit(), settings);
  return {
    async run(feeds) {
      const fed = program.inputs.map(({ name }) => {
        return [name, new OrtTensor('float32', feeds[name].data, feeds[name].shape)] as const;
      });
      const results = await session.run(Object.fromEntries(fed));
      return Object.fromEntries(
        program.outputs.map(({ name }) => [name, tensorData(results[name].dims, results[name].data as Float32Array)]),
      );
    },
    release: () => session.release(),
  };
}

/** Compiles the outputs to ONNX and computes them once. Feeds that they do not depend on are ignored. */
export async function runWithOrt(
  outputs: Readonly<Record<string, Tensor>>,
  feeds: Values,
  graphOptimizationLevel: Optimisation = 'all',
): Promise<Values> {
  const session = await openOrt(compile('test', outputs), graphOptimizationLevel);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}
