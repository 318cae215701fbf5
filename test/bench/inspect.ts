import { Random } from '../../src/kernel/datasets/random';
import { tensorData } from '../../src/kernel/graph';
import { compileEncoder } from '../../src/kernel/inference/programs';
import { AdapterInspector, type InspectedModel } from '../../src/kernel/inspection';
import { attachedSeams, attachmentShapes } from '../../src/kernel/medsa/attachment';
import { defaultAdapters } from '../../src/kernel/medsa/options';
import { createEngine } from '../../src/kernel/runtime/engine';
import { samConfigs } from '../../src/kernel/sam/config';
import { samShapes } from '../../src/kernel/sam/shapes';
import { constantWeights } from '../../src/kernel/sam/weights';
import { benchRow, median, type Bench } from './bench';
import { noise, untrainedTensors } from './untrained';

/** Pairs of passes that are measured, after one that warms up. */
const rounds = 5;

/** What looking into an image costs beside encoding it, both through the engine, in turns: the machine is not always as fast. */
export const inspect: Bench = {
  description:
    'what the adapter inspector’s one pass costs, relative to a plain encode of the same adapted ViT-B at 1024 px',
  async run() {
    const config = samConfigs.vit_b;
    const options = defaultAdapters(config);
    const model: InspectedModel = {
      name: 'vit_b',
      adaptersName: 'untrained',
      config,
      frozen: untrainedTensors(samShapes(config)),
      attached: untrainedTensors(attachmentShapes(config, options)),
      options,
    };
    const weights = constantWeights(new Map([...model.frozen, ...model.attached]));
    const engine = createEngine({ device: 'cpu' });
    const inspector = new AdapterInspector(model, engine);
    try {
      console.error('opening the programs …');
      const encoder = await engine.load(compileEncoder({ config, weights, seams: attachedSeams(weights, options) }, 1));
      const { imageSize: side } = config;
      const image = tensorData([1, 3, side, side], noise(new Random(2), [3 * side * side], 1).data);
      const encode = async (): Promise<void> => {
        const { held } = await engine.runKeeping(encoder, { image }, { keep: ['embedding'] });
        await engine.free(held.embedding);
      };
      const look = async (): Promise<void> => (await inspector.inspectNormalised(image)).free();
      const times: { encode: number[]; inspect: number[] } = { encode: [], inspect: [] };
      for (let round = 0; round <= rounds; round++) {
        console.error(`pass ${round} of ${rounds} …`);
        const [encoded, inspected] = [await milliseconds(encode), await milliseconds(look)];
        if (round === 0) continue;
        times.encode.push(encoded);
        times.inspect.push(inspected);
      }
      const row = benchRow({
        name: 'inspect an image, vit_b at 1024 px (reference: encode it)',
        ours: median(times.inspect),
        reference: median(times.encode),
        goal: 1.5,
        unit: 'ms',
        note: `median of ${rounds}, in turns`,
      });
      const ratios = times.inspect.map((time, round) => (time / times.encode[round]).toFixed(2));
      return { rows: [row], details: [`ratios of the single rounds: ${ratios.join(', ')}`] };
    } finally {
      await inspector.dispose();
      await engine.dispose();
    }
  },
};

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
