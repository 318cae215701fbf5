import { expect, it } from 'vitest';
import type { Primitive, PrimitiveAttributes } from '../../../src/kernel/graph';
import { gradientRules } from '../../../src/kernel/graph/gradients';
import { onnxLowering } from '../../../src/kernel/graph/onnx/lowering';
import { shapeRules } from '../../../src/kernel/graph/shapes';
import { tfjsLowering } from '../../../src/kernel/graph/tfjs/lowering';
import { primitiveCases } from './primitiveCases';

// These do not run: they are right when they compile, and each @ts-expect-error fails to when the line below it does not.
const { gelu: _shape, ...shapesWithoutGelu } = shapeRules;
// @ts-expect-error a table of shape rules needs one for every primitive
shapesWithoutGelu satisfies typeof shapeRules;

const { gelu: _gradient, ...gradientsWithoutGelu } = gradientRules;
// @ts-expect-error a table of gradients needs one for every primitive
gradientsWithoutGelu satisfies typeof gradientRules;

const { gelu: _onnx, ...onnxWithoutGelu } = onnxLowering;
// @ts-expect-error a table of ONNX lowerings needs one for every primitive
onnxWithoutGelu satisfies typeof onnxLowering;

const { gelu: _tfjs, ...tfjsWithoutGelu } = tfjsLowering;
// @ts-expect-error a table of TensorFlow.js lowerings needs one for every primitive
tfjsWithoutGelu satisfies typeof tfjsLowering;

const { gelu: _case, ...casesWithoutGelu } = primitiveCases;
// @ts-expect-error so does the table of test cases
casesWithoutGelu satisfies typeof primitiveCases;

// The tables are typed by the list of primitives itself, not by what happens to be in them.
type Keys<T> = { readonly [K in keyof T]: true };
const all = null as unknown as Keys<PrimitiveAttributes>;
all satisfies Keys<typeof gradientRules>;
all satisfies Keys<typeof onnxLowering>;
({ ...(null as unknown as Keys<typeof shapeRules>), input: true, constant: true }) satisfies Keys<PrimitiveAttributes>;
({ ...(null as unknown as Keys<typeof tfjsLowering>), input: true }) satisfies Keys<PrimitiveAttributes>;

it('the tables hold one entry for each primitive, and none besides', () => {
  const primitives = (Object.keys(primitiveCases) as Primitive[]).sort();
  const without = (...names: Primitive[]): Primitive[] => primitives.filter((name) => !names.includes(name));
  expect(Object.keys(gradientRules).sort()).toEqual(primitives);
  expect(Object.keys(onnxLowering).sort()).toEqual(primitives);
  expect(Object.keys(tfjsLowering).sort()).toEqual(without('input'));
  expect(Object.keys(shapeRules).sort()).toEqual(without('input', 'constant'));
});
