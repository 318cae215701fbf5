// Files that earlier versions wrote still say what they said. test/fixtures/versions/N was made by the formats' version N
// (MEDSA_MAKE_VERSIONS=N makes it, once: what is committed is not made again) and known.json holds what it says.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { adapterName, readAdapters, readModel } from '../../../src/kernel/inference';
import type { Executor } from '../../../src/kernel/runtime/types';
import { CompareFolder } from '../../../src/kernel/training/compareFolder';
import { resumeRun } from '../../../src/kernel/training/run';
import { parseRunConfig } from '../../../src/kernel/training/runConfig';
import { RunDirectory } from '../../../src/kernel/training/runDirectory';
import { readEvents } from '../../../src/kernel/training/runEvents';
import { testExecutor } from '../../support/executor';
import { projectRoot } from '../../support/projectRoot';
import { temporaryFolder } from '../../support/temporaryFolder';
import { undisturbed } from '../training/tinyRun';
import { annotationsIn, comparison, contentOf, copyOf, formatsOf, formatsOfToday, makeFixture } from './fixtures';

const root = path.join(projectRoot, 'test', 'fixtures', 'versions');
const made = process.env.MEDSA_MAKE_VERSIONS;
let executor: Executor;

beforeAll(async () => {
  executor = await testExecutor();
  if (made === undefined) return;
  const folder = path.join(root, made);
  await makeFixture(folder, executor);
  const known = await knownOf(copyOf(folder, path.join(temporaryFolder('made'), 'copy')));
  fs.writeFileSync(path.join(folder, 'known.json'), JSON.stringify(known, null, 2) + '\n');
});

/** Everything that is read, in short. */
async function knownOf(folder: string) {
  const at = (...parts: string[]): string => path.join(folder, ...parts);
  const run = at('run');
  const model = await readModel(at('tiny.safetensors'));
  const adapters = await readAdapters(at('run', 'checkpoints', 'best.safetensors'), model);
  const released = await readAdapters(at('released.safetensors'), model);
  const written = await CompareFolder.open(at('comparison'), comparison);
  const { session, store } = await annotationsIn(at('annotated'));
  const { data: _, model: __, ...config } = parseRunConfig(run, RunDirectory.config(run));
  const known = {
    model: { config: model.config, ...(await contentOf(model.file)) },
    adapters: {
      ...{ name: adapterName(adapters.file), tune: adapters.tune, options: adapters.options, step: adapters.step },
      ...{ imageSize: adapters.imageSize, ...(await contentOf(adapters.file)) },
    },
    released: { tune: released.tune, options: released.options, names: [...released.tensors.keys()].sort().length },
    state: await contentOf(at('run', 'checkpoints', 'state.safetensors')),
    config,
    events: readEvents(run),
    comparison: { result: await written.result('lora', 1), epochs: await written.plannedEpochs('lora') },
    annotation: {
      state: { ...session.state, revision: 0 },
      objects: session
        .known(0)
        .map(({ object, prompts, area, source, mask }) => ({ object, prompts, area, source, mask })),
    },
  };
  await store.release();
  // As a file holds it.
  return JSON.parse(JSON.stringify(known)) as typeof known;
}

it('have a fixture of every format that is written today', async () => {
  const kept = await Promise.all(fs.readdirSync(root).map((version) => formatsOf(path.join(root, version))));
  for (const [kind, format] of Object.entries(formatsOfToday)) {
    expect(
      kept.map((formats) => formats[kind as keyof typeof formats]),
      `${kind}: make the next folder with MEDSA_MAKE_VERSIONS`,
    ).toContain(format);
  }
});

describe.each(fs.readdirSync(root))('files of version %s', (version) => {
  const folder = temporaryFolder(`version-${version}`);
  const copy = path.join(folder, 'Wörk “1”');
  const known = () =>
    JSON.parse(fs.readFileSync(path.join(root, version, 'known.json'), 'utf8')) as Awaited<ReturnType<typeof knownOf>>;
  beforeAll(() => void copyOf(path.join(root, version), copy));

  it('say what they said', async () => {
    const said = known();
    // Options that came later have their defaults.
    const config: unknown = expect.objectContaining(said.config);
    expect(await knownOf(copy)).toEqual({ ...said, config });
  });

  it('go on: the run is resumed, the annotation edited', async () => {
    expect(await resumeRun(path.join(copy, 'run'), undisturbed(executor))).toBe('done');
    const events = readEvents(path.join(copy, 'run'));
    const before = known().events.filter(({ type }) => type === 'checkpoint').length;
    const { epochs } = known().config;
    expect(before).toBeLessThan(epochs);
    expect(events.filter(({ type }) => type === 'checkpoint')).toHaveLength(epochs);
    expect(events.at(-1)).toMatchObject({ type: 'end', status: 'done' });

    const { session, source, store } = await annotationsIn(path.join(copy, 'annotated'));
    await session.apply({ edit: 'redo' }, source);
    expect(session.state.objects[1].label).toBe('gone');
    await store.release();
  });
});
