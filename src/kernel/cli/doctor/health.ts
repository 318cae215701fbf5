import { version } from '../../../../package.json';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { UserError } from '../../errors';
import { embeddedModel, readModel } from '../../inference';
import { fileHash } from '../../inference/modelFile';
import { trainableShapes } from '../../training/trainable';
import { listDevices, type DeviceReport } from '../../runtime/devices';
import { loadRuntime } from '../../runtime/onnxRuntime';
import { openTfjs } from '../../runtime/tfjs/library';
import type { DeviceRequest } from '../../runtime/types';
import { samShapes } from '../../sam/shapes';
import { tfjsLines } from '../engine';
import { countOf, millions } from './parameters';
import type { DoctorReport } from './report';

/** A check that failed says why; one that did not has its findings. */
type Finding<T> = { readonly ok: true; readonly found: T } | { readonly ok: false; readonly problem: string };

/** Versions, devices, the embedded model and the temporary folder. Unhealthy: what every user needs does not work. */
export async function healthReport(request: DeviceRequest): Promise<DoctorReport> {
  const runtime = await attempt(async () => (await loadRuntime()).env.versions.node ?? 'unknown');
  const devices = await attempt(listDevices);
  const model = await attempt(inspectModel);
  const temporary = await attempt(tryTemporaryFolder);
  const tfjs = await attempt(tfjsFacts);
  const working = (devices.ok ? devices.found : []).filter(({ problem }) => problem === null);
  const wanted = working.find(({ device }) => request === 'auto' || device === request)?.device ?? null;
  const healthy = runtime.ok && model.ok && temporary.ok && wanted !== null;
  const verdict =
    wanted === null && request !== 'auto'
      ? `the device ${request} does not work here`
      : healthy
        ? `all is well; ${request === 'auto' ? 'by default it computes' : 'it computes'} on ${wanted}`
        : 'something does not work: see above';
  return {
    result: {
      healthy,
      versions: { 'med-sa': version, node: process.versions.node, onnxruntime: runtime.ok ? runtime.found : null },
      platform: `${process.platform}-${process.arch}`,
      devices: devices.ok ? devices.found.map(deviceObject) : [],
      device: wanted,
      tfjs: tfjs.ok ? tfjs.found.facts : { problem: tfjs.problem },
      model: model.ok ? model.found : { name: embeddedModel, problem: model.problem },
      temporaryFolder: { path: os.tmpdir(), writable: temporary.ok },
    },
    lines: [
      `med-sa ${version}, Node ${process.versions.node} on ${process.platform}-${process.arch}`,
      runtime.ok ? `ONNX Runtime ${runtime.found}` : runtime.problem,
      ...(devices.ok ? devices.found.map(deviceLine) : [devices.problem]),
      ...(tfjs.ok ? tfjs.found.lines : [`engine tfjs: ${tfjs.problem}`]),
      model.ok ? modelLine(model.found) : `model ${embeddedModel}: ${model.problem}`,
      temporary.ok ? `temporary folder ${os.tmpdir()}: writable` : temporary.problem,
      verdict,
    ],
    healthy,
  };
}

async function attempt<T>(check: () => Promise<T>): Promise<Finding<T>> {
  try {
    return { ok: true, found: await check() };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** TensorFlow.js is an engine that nobody needs: without it an installation is as healthy. */
async function tfjsFacts() {
  const library = await openTfjs('auto');
  const { package: name, version, backend, device } = library;
  return { facts: { package: name, version, backend, device }, lines: tfjsLines(library) };
}

interface ModelFacts {
  readonly name: string;
  readonly file: string;
  readonly sha256: string;
  readonly imageSize: number;
  readonly parameters: number;
  /** Parameters of the adapters that `med-sa train` attaches, and their share of the model's. */
  readonly adapterParameters: number;
  readonly trainableShare: number;
}

async function inspectModel(): Promise<ModelFacts> {
  const { name, file, config } = await readModel(embeddedModel);
  const parameters = countOf(samShapes(config));
  const adapterParameters = countOf(trainableShapes('adapters', config));
  const share = adapterParameters / parameters;
  const facts = { name, file, sha256: await fileHash(file), imageSize: config.imageSize };
  return { ...facts, parameters, adapterParameters, trainableShare: share };
}

/** Engines keep their programs there. */
async function tryTemporaryFolder(): Promise<void> {
  try {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'med-sa-doctor-'));
    await writeFile(path.join(folder, 'probe'), 'written');
    await rm(folder, { recursive: true });
  } catch (cause) {
    const message = `temporary folder ${os.tmpdir()} cannot be written: let TMPDIR name another folder`;
    throw new UserError(message, { file: os.tmpdir(), cause });
  }
}

const deviceObject = ({ device, problem }: DeviceReport) => ({
  device,
  works: problem === null,
  reason: problem?.reason ?? null,
  remedy: problem?.remedy ?? null,
});

const deviceLine = ({ device, problem }: DeviceReport): string =>
  problem === null ? `device ${device}: works` : `device ${device}: ${problem.reason}. ${problem.remedy}`;

function modelLine({ name, imageSize, sha256, parameters, adapterParameters, trainableShare }: ModelFacts): string {
  const share = `${millions(adapterParameters)} train with adapters (${(100 * trainableShare).toFixed(1)} %)`;
  return `model ${name}: ${imageSize} px, ${millions(parameters)} parameters, ${share}, sha256 ${sha256.slice(0, 16)}`;
}
