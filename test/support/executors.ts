// One graph, three executors that share nothing but the graph: ONNX Runtime on the emitted model, TensorFlow.js with its
// own differentiation, and float64 loops with finite differences.
import { gradients, type Tensor, type TensorData } from '../../src/kernel/graph';
import { gradientsWithTfjs, runWithTfjs } from '../../src/kernel/graph/tfjs/execute';
import { evaluate64, finiteDifferences, toFloat64, type Array64 } from './float64';
import { runWithOrt } from './ort';
import { expectClose } from './tensors';
import { tf } from './tfjs';

/** Relative to the largest entry of each tensor. The first is what float32 allows; the second what differences do. */
export interface Tolerances {
  readonly float32: number;
  readonly float64: number;
}

/**
 * Checks that all executors agree on the outputs and on the scalar's gradients with respect to the inputs.
 * Five answers for the gradients: our rules in ONNX Runtime, in TensorFlow.js and in float64, TensorFlow.js's own
 * differentiation, and finite differences, which are the measure.
 */
export async function expectAgreement(
  outputs: Readonly<Record<string, Tensor>>,
  scalar: Tensor,
  inputs: readonly Tensor<'input'>[],
  feeds: Readonly<Record<string, TensorData>>,
  tolerances: Tolerances,
): Promise<void> {
  const feeds64 = Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, toFloat64(feed)]));
  const names = Object.keys(outputs);
  const values = evaluate64(Object.values(outputs), feeds64);
  const differences = finiteDifferences(scalar, inputs, feeds64);
  const ours = gradients(scalar, inputs);

  const gradientPort = (index: number): string => `gradient of ${inputs[index].attributes.name}`;
  const ports = { ...outputs, ...Object.fromEntries(ours.map((gradient, index) => [gradientPort(index), gradient])) };
  const expected = Object.fromEntries([
    ...names.map((name, index): [string, Array64] => [name, values[index]]),
    ...differences.map((slope, index): [string, Array64] => [gradientPort(index), slope]),
  ]);
  const expectPorts = (by: string, actual: Readonly<Record<string, TensorData>>): void => {
    for (const [name, value] of Object.entries(expected)) {
      expectClose(actual[name], value, tolerances.float32, `${name} by ${by}`);
    }
  };

  expectPorts('ONNX Runtime', await runWithOrt(ports, feeds));
  expectPorts('TensorFlow.js', runWithTfjs(tf, ports, feeds));
  evaluate64(ours, feeds64).forEach((gradient, index) => {
    expectClose(gradient, differences[index], tolerances.float64, `${gradientPort(index)} by our rules in float64`);
  });
  gradientsWithTfjs(tf, scalar, inputs, feeds).forEach((gradient, index) => {
    const by = `${gradientPort(index)} by TensorFlow.js's own rules`;
    expectClose(gradient, differences[index], tolerances.float32, by);
  });
}
