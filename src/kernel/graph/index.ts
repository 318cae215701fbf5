export { compile, type CompiledGraph, type Port } from './onnx/compile';
export { gradients, topologicalOrder } from './differentiate';
export * from './ops';
export { keep, Segments, type RunSegment, type Segment } from './recompute';
export type { Primitive, PrimitiveAttributes, Shape, Tensor } from './primitives';
export { ShapeError } from './shapes';
export { sizeOf, tensorData, withShape, type TensorData, type TensorSource } from './tensorData';
