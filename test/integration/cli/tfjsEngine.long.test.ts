// `--engine tfjs` as a process: training, resuming, evaluating, segmenting, parity.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { projectRoot } from '../../support/projectRoot';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs, writeTinyModel } from '../../support/tinyModel';
import { commandLine, type CommandLine } from './commandLine';

const folder = temporaryFolder('tfjs-engine');
const at = (...parts: string[]): string => path.join(folder, ...parts);
const tfjs = ['--engine', 'tfjs'];
const model = ['--model', 'tiny.safetensors'];
let medSa: CommandLine;

beforeAll(async () => {
  medSa = await commandLine(folder);
  await writeTinyModel(at('tiny.safetensors'));
  await drawTinyPairs(at('data'), 6);
});

it('trains, says what computes, and records it', async () => {
  const options = ['--epochs', '1', '--batch', '2', '--val-fraction', '0.34'];
  const { code, stderr } = await medSa.run('train', '--data', 'data', ...model, ...options, ...tfjs, '--out', 'run');
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('device cpu');
  expect(stderr).toMatch(/engine tfjs: @tensorflow\/tfjs 4\.\S+, backend cpu, plain JavaScript/);
  const config = JSON.parse(fs.readFileSync(at('run', 'config.json'), 'utf8')) as { config?: unknown };
  expect(config.config ?? config).toMatchObject({ engine: 'tfjs' });
});

it('goes on with the recorded engine', async () => {
  const { code, stderr } = await medSa.run('resume', 'run');
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('engine tfjs');
});

it('evaluates and segments as ONNX Runtime does', async () => {
  const adapted = [...model, '--adapters', at('run', 'checkpoints', 'best.safetensors'), '--device', 'cpu'];
  const segment = ['segment', at('data', 'image-0.png'), '--point', '30,24', ...adapted];
  const [ours, theirs] = [await medSa.json([...segment, ...tfjs]), await medSa.json(segment)];
  expect(ours).toMatchObject({ engine: 'tfjs', device: 'cpu' });
  expect(theirs).toMatchObject({ engine: 'onnx', device: 'cpu' });
  expect(ours.iou).toBeCloseTo(theirs.iou as number, 3);
  expect(Math.abs((ours.area as number) - (theirs.area as number))).toBeLessThanOrEqual(30);
  const evaluated = await medSa.json(['evaluate', '--data', 'data', '--prompts', '1-point', ...adapted, ...tfjs]);
  expect(evaluated).toMatchObject({ engine: 'tfjs', samples: 6 });
});

it('refuses a GPU without the build for it, and says what to do', async () => {
  const { code, stderr } = await medSa.run('evaluate', '--data', 'data', ...model, ...tfjs, '--device', 'cuda');
  expect(code).toBe(1);
  expect(stderr).toMatch(/"cuda" is not available: .*@tensorflow\/tfjs-node-gpu.*or the engine "onnx"/);
});

it('is listed by doctor, and computes right', async () => {
  const health = await medSa.json(['doctor', '--device', 'cpu']);
  expect(health.tfjs).toMatchObject({ package: '@tensorflow/tfjs', backend: 'cpu', device: 'cpu' });
  const goldens = path.join(projectRoot, 'test', 'fixtures', 'parity', 'tiny');
  const parity = await medSa.json(['doctor', '--parity', goldens, ...tfjs]);
  expect(parity).toMatchObject({ engine: 'tfjs', device: 'cpu', holds: true });
  expect(parity.rows).toHaveLength(14);
});
