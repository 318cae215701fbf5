import { Random } from '../../src/kernel/datasets/random';
import { tensorData } from '../../src/kernel/graph';
import { compileEncoder } from '../../src/kernel/inference/programs';
import { AdapterInspector, type InspectedModel } from '../../src/kernel/inspection';
import { attachedSeams, attachmentShapes } from '../../src/kernel/medsa/attachment';
import { defaultAdapters } from '../../src/kernel/medsa/options';
import { createLocalExecutor } from '../../src/kernel/runtime/localExecutor';
import { samConfigs } from '../../src/kernel/sam/config';
import { samShapes } from '../../src/kernel/sam/shapes';
import { constantWeights } from '../../src/kernel/sam/weights';
import { benchRow, median, type Bench, type BenchRow } from './bench';
import { noise, untrainedTensors } from './untrained';

/** Pairs of passes that are measured, after one that warms up. */
const rounds = 3;

/**
 * What looking into an image costs beside encoding it, in turns and in this process: on one thread, processor time says
 * what a pass costs even where the machine is busy with something else.
 */
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
    const engine = await createLocalExecutor({ device: 'cpu', threads: 1 });
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
      const encodes: Cost[] = [];
      const inspections: Cost[] = [];
      for (let round = 0; round <= rounds; round++) {
        console.error(`pass ${round} of ${rounds} …`);
        const [encoded, inspected] = [await costOf(encode), await costOf(look)];
        const ratio = (kind: keyof Cost): string => (inspected[kind] / encoded[kind]).toFixed(2);
        console.error(`  ${ratio('wall')} times an encode by the clock, ${ratio('processor')} in processor time`);
        if (round === 0) continue;
        encodes.push(encoded);
        inspections.push(inspected);
      }
      const row = (kind: keyof Cost, name: string, goal: number | null): BenchRow =>
        benchRow({
          name: `inspect an image, vit_b at 1024 px, ${name} (reference: encode it)`,
          ours: median(inspections.map((cost) => cost[kind])),
          reference: median(encodes.map((cost) => cost[kind])),
          goal,
          unit: 'ms',
        });
      const ratios = inspections.map(({ processor }, round) => (processor / encodes[round].processor).toFixed(2));
      return {
        rows: [row('processor', 'processor time', 1.5), row('wall', 'by the clock', null)],
        details: [`ratios of processor time, round by round: ${ratios.join(', ')}`],
      };
    } finally {
      await inspector.dispose();
      await engine.dispose();
    }
  },
};

/** Milliseconds. */
interface Cost {
  readonly processor: number;
  readonly wall: number;
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const [begin, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { processor: (user + system) / 1000, wall: performance.now() - begin };
}
