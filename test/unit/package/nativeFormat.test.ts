import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { platformOf } from '../../../.ci/nativeFormat.mjs';
import { hostTarget, targets } from '../../../.ci/targets.mjs';

/** The first bytes of a file, as the formats' specifications lay them out. */
function header(fields: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(256);
  fields(new DataView(bytes.buffer));
  return bytes;
}
const elf = (machine: number) => header((view) => (view.setUint32(0, 0x7f454c46), view.setUint16(18, machine, true)));
const machO = (cpu: number) => header((view) => (view.setUint32(0, 0xfeedfacf, true), view.setUint32(4, cpu, true)));
const pe = (machine: number) =>
  header((view) => {
    view.setUint16(0, 0x4d5a);
    view.setUint32(60, 128, true);
    view.setUint32(128, 0x50450000);
    view.setUint16(132, machine, true);
  });

describe('the platform of native code', () => {
  it('is told by its first bytes', () => {
    expect([elf(62), elf(183), elf(40)].map(platformOf)).toEqual(['linux-x64', 'linux-arm64', 'linux-?']);
    expect([machO(0x01000007), machO(0x0100000c)].map(platformOf)).toEqual(['darwin-x64', 'darwin-arm64']);
    expect([pe(0x8664), pe(0xaa64), pe(0x14c)].map(platformOf)).toEqual(['win32-x64', 'win32-arm64', 'win32-?']);
    expect(platformOf(header((view) => view.setUint32(0, 0xcafebabe)))).toBe('darwin-?');
  });

  it('is none for what is no native code', () => {
    expect(
      [new Uint8Array(8), Buffer.from('#!/usr/bin/env node\n'.repeat(20)), header(() => undefined)].map(platformOf),
    ).toEqual([null, null, null]);
    expect(platformOf(header((view) => view.setUint16(0, 0x4d5a)))).toBe(null);
  });

  it.runIf(targets.includes(hostTarget))('is this one’s for what runs here', () => {
    expect(platformOf(fs.readFileSync(process.execPath))).toBe(hostTarget);
  });
});
