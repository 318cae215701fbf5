// npm run pretrain: teaches the embedded model on drawn phantoms, stage after stage; a second call resumes.
import { parseArgs } from 'node:util';
import path from 'node:path';
import { readModel, type ModelFile } from '../inference/modelFile';
import { createLocalExecutor } from '../runtime/localExecutor';
import { pretrainStage, pretrainStages } from '../training/pretrain';
import type { RunEvent } from '../../protocol';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'out/pretrain' },
    seed: { type: 'string', default: '7' },
    threads: { type: 'string' },
    /** With a model that stages before it have taught, the stage to begin with. */
    stage: { type: 'string', default: '1' },
    from: { type: 'string' },
  },
});

async function main(): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const threads = values.threads === undefined ? undefined : Number(values.threads);
  const executor = await createLocalExecutor({ device: 'cpu', threads });
  const context = { executor, signal: stop.signal, seed: Number(values.seed), onEvent: report };
  let previous: ModelFile | null = values.from === undefined ? null : await readModel(values.from);
  for (const [index, stage] of pretrainStages.entries()) {
    if (index + 1 < Number(values.stage)) continue;
    const folder = path.resolve(values.out, `stage-${index + 1}`);
    console.log(
      `stage ${index + 1}: ${stage.imageSize} px, ${stage.epochs} epochs of ${stage.images} images → ${folder}`,
    );
    if ((await pretrainStage(stage, folder, previous, context)) === 'stopped') {
      console.log('stopped; run the same command again to go on');
      break;
    }
    previous = await readModel(path.join(folder, 'checkpoints', 'last.safetensors'));
  }
  await executor.dispose();
}

function report(event: RunEvent): void {
  if (event.type === 'step' && event.step % 20 === 0) {
    const { step, epoch, loss, learningRate, imagesPerSecond } = event;
    console.log(
      `step ${step} epoch ${epoch} loss ${loss.toFixed(4)} lr ${learningRate.toExponential(1)} ${imagesPerSecond.toFixed(1)} images/s`,
    );
  }
  if (event.type === 'validation') {
    const scores = Object.entries(event.metrics).map(([setting, { dice }]) => `${setting} ${dice.toFixed(4)}`);
    console.log(`validation after epoch ${event.epoch}: Dice ${scores.join(', ')}`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
});
