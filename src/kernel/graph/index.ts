export { compile, type CompiledGraph } from './onnx/compile';
export type { Port } from './onnx/writer';
export { compileSymbolic } from './onnx/symbolic';
export { gradients, topologicalOrder } from './differentiate';
export * from './ops';
export type { Primitive, PrimitiveAttributes, Shape, Tensor } from './primitives';
export { ShapeError } from './shapes';
export { symbol, valueOf, type Extent, type Sizes } from './sizes';
export { sizeOf, tensorData, withShape, type TensorData, type TensorSource } from './tensorData';
