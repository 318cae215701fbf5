// Runs one training step twice in a process of its own and tells the peak of its memory, with the estimate.
import { Random } from '../../src/kernel/datasets/random';
import { valueOf } from '../../src/kernel/graph/sizes';
import { sizeOf, tensorData, type TensorData } from '../../src/kernel/graph';
import { trainableOf } from '../../src/kernel/training/trainable';
import { adamWDefaults } from '../../src/kernel/training/adamw';
import { compileTrainStep, stepOutputs } from '../../src/kernel/training/trainStep';
import { readModel } from '../../src/kernel/inference/modelFile';
import { createLocalExecutor } from '../../src/kernel/runtime/localExecutor';
import { estimateMemory } from '../../src/kernel/runtime/memoryEstimate';
import type { MemoryCase, MemoryResult } from './memory';

async function measure({ file, size, batch, tune, recompute, accumulate }: MemoryCase): Promise<MemoryResult> {
  const { config: base, tensors } = await readModel(file);
  const trainable = trainableOf(tune, base, tensors, new Random(1));
  const program = compileTrainStep({
    config: { ...base, imageSize: size },
    ...trainable,
    from: tune === 'decoder' ? 'embedding' : 'image',
    images: batch,
    promptsPerImage: 1,
    targetSide: size,
    loss: 'dice-ce',
    iouWeight: 1,
    multimask: false,
    optimiser: { ...adamWDefaults, clipNorm: 1 },
    recompute,
    accumulate,
  });
  const sizes = { tokens: 2 };
  const graph = program.tensorsAt(sizes);
  const estimate = estimateMemory(graph, stepOutputs);
  const executor = await createLocalExecutor({ device: 'cpu' });
  const loaded = await executor.load(program);
  const zeros = (shape: readonly number[]): TensorData => tensorData(shape, new Float32Array(sizeOf(shape)));
  const feeds = Object.fromEntries(
    program.inputs.map(({ name, shape }) => [name, zeros(shape.map((extent) => valueOf(extent, sizes)))]),
  );
  const state = ['parameters', 'first_moment', 'second_moment'];
  // As the trainer does: the state of one step goes into the next.
  for (let run = 0; run < 4; run++) {
    const result = await executor.run(loaded, feeds, { fetch: stepOutputs });
    for (const name of state) feeds[name] = result[`next_${name}`];
  }
  await executor.dispose();
  return { estimateMB: estimate.total / 2 ** 20, peakMB: process.resourceUsage().maxRSS / 1024, estimate };
}

void measure(JSON.parse(process.argv[2]) as MemoryCase).then((result) => process.stdout.write(JSON.stringify(result)));
