// Runs one training step twice in a process of its own and tells the peak of its memory, with the estimate.
import { Random } from '../../src/kernel/datasets/random';
import { sizeOf, tensorData, type TensorData } from '../../src/kernel/graph';
import { trainableOf } from '../../src/kernel/training/trainable';
import { adamWDefaults } from '../../src/kernel/training/adamw';
import { compileTrainStep } from '../../src/kernel/training/trainStep';
import { readTensors } from '../../src/kernel/checkpoints';
import { createLocalExecutor } from '../../src/kernel/runtime/localExecutor';
import { estimateMemory } from '../../src/kernel/runtime/memoryEstimate';
import { samConfigs } from '../../src/kernel/sam/config';
import type { MemoryCase, MemoryResult } from './memory';

async function measure({ file, model, size, batch, tune, recompute, accumulate }: MemoryCase): Promise<MemoryResult> {
  const base = samConfigs[model];
  const { tensors } = await readTensors(file);
  const trainable = trainableOf(tune, base, tensors, new Random(1));
  const program = compileTrainStep({
    config: { ...base, imageSize: size },
    ...trainable,
    from: tune === 'decoder' ? 'embedding' : 'image',
    images: batch,
    promptsPerImage: 1,
    tokens: 2,
    targetSide: size,
    loss: 'dice-ce',
    iouWeight: 1,
    multimask: false,
    optimiser: { ...adamWDefaults, clipNorm: 1 },
    recompute,
    accumulate,
  });
  const estimate = estimateMemory(program.tensors);
  const executor = await createLocalExecutor({ device: 'cpu' });
  const loaded = await executor.load(program);
  const zeros = (shape: readonly number[]): TensorData => tensorData(shape, new Float32Array(sizeOf(shape)));
  const feeds = Object.fromEntries(program.inputs.map(({ name, shape }) => [name, zeros(shape as number[])]));
  for (let run = 0; run < 2; run++) await executor.run(loaded, feeds);
  await executor.dispose();
  return { estimateMB: estimate.total / 2 ** 20, peakMB: process.resourceUsage().maxRSS / 1024, estimate };
}

void measure(JSON.parse(process.argv[2]) as MemoryCase).then((result) => process.stdout.write(JSON.stringify(result)));
