import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fs from 'node:fs';
import path from 'node:path';
import { listDevices, preferredDevices, resolveDevice } from '../../../src/kernel/runtime/devices';
import { DeviceUnavailableError } from '../../../src/kernel/runtime/errors';
import { buildEngine, type Bundles } from './engineBundle';

let bundles: Bundles;
beforeAll(async () => {
  bundles = await buildEngine();
});
afterAll(() => bundles.remove());

describe('devices', () => {
  it('lists those of the platform, the CPU last', () => {
    expect(preferredDevices('linux')).toEqual(['cuda', 'webgpu', 'cpu']);
    expect(preferredDevices('win32')).toEqual(['dml', 'webgpu', 'cpu']);
    expect(preferredDevices('darwin')).toEqual(['coreml', 'webgpu', 'cpu']);
  });

  it('takes the first that computes, and says why not the faster ones', async () => {
    const options = { entry: bundles.engine };
    const { device, notes } = await resolveDevice('auto', options);
    const faster = preferredDevices().slice(0, preferredDevices().indexOf(device));
    expect(notes.map((note) => note.split(':')[0])).toEqual(faster);
    for (const note of notes) expect(note).toMatch(/^\w+: \S[^\n]{10,}$/);
    const reports = await listDevices(options);
    expect(reports.find(({ problem }) => problem === null)?.device).toBe(device);
  });

  it('takes the CPU when asked to, and refuses a device of another platform', async () => {
    const options = { entry: bundles.engine };
    expect(await resolveDevice('cpu', options)).toEqual({ device: 'cpu', notes: [] });
    const elsewhere = process.platform === 'darwin' ? 'dml' : 'coreml';
    await expect(resolveDevice(elsewhere, options)).rejects.toThrow(DeviceUnavailableError);
  });

  it('survives a driver that crashes or hangs', async () => {
    const folder = path.dirname(bundles.engine);
    const crashing = path.join(folder, 'crashing.js');
    fs.writeFileSync(crashing, 'console.error("driver fault"); process.abort();');
    await expect(resolveDevice('webgpu', { entry: crashing })).rejects.toThrow(
      /"webgpu" is not available.*driver fault/,
    );
    const hanging = path.join(folder, 'hanging.js');
    fs.writeFileSync(hanging, 'setInterval(() => undefined, 1000);');
    await expect(resolveDevice('webgpu', { entry: hanging, timeoutMs: 200 })).rejects.toThrow(/not ready within 0.2 s/);
  });
});
