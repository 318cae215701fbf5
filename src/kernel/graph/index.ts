export { compile, type CompiledGraph } from './onnx/compile';
export { gradients, topologicalOrder } from './differentiate';
export * from './ops';
export type { Primitive, PrimitiveAttributes, Shape, Tensor } from './primitives';
export { ShapeError } from './shapes';
export { sizeOf, tensorData, type TensorData } from './tensorData';
