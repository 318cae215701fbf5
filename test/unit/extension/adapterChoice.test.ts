import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Memento, NotebookDocument } from 'vscode';
import { AdapterChoice } from '../../../src/extension/adapterChoice';
import type { KernelClient } from '../../../src/extension/kernelClient';
import { window } from './fakeVscode';

vi.mock('vscode', () => import('./fakeVscode'));

const notebook = { uri: { scheme: 'file', fsPath: '/data/a.ipynb', toString: () => 'file:///data/a.ipynb' } };
const heart = '/runs/heart/checkpoints/best.safetensors';

describe('the adapters of a notebook', () => {
  const kept = new Map<string, unknown>();
  const memory = {
    get: (key: string, otherwise: unknown) => kept.get(key) ?? otherwise,
    update: async (key: string, value: unknown) => void kept.set(key, value),
  } as unknown as Memento;
  const request = vi.fn<(method: string, params: { file: string | null }) => Promise<unknown>>();
  const kernel = { running: true, life: 1, request };
  const document = notebook as unknown as NotebookDocument;
  const fresh = () => new AdapterChoice(kernel as unknown as KernelClient, memory);
  const files = () => request.mock.calls.map(([, { file }]) => file);

  beforeEach(() => {
    kept.clear();
    kernel.life = 1;
    request.mockReset().mockResolvedValue({});
    window.showWarningMessage.mockReset();
  });

  it('are told to the kernel once, and to a new kernel again', async () => {
    const choice = fresh();
    await choice.use(document, heart);
    choice.restore(document);
    expect(files()).toEqual([heart]);
    kernel.life = 2;
    choice.restore(document);
    choice.restore(document);
    expect(files()).toEqual([heart, heart]);
  });

  it('outlive the window', async () => {
    await fresh().use(document, heart);
    fresh().restore(document);
    expect(files()).toEqual([heart, heart]);
  });

  it('are forgotten for the frozen model', async () => {
    await fresh().use(document, heart);
    await fresh().use(document, null);
    fresh().restore(document);
    expect(files()).toEqual([heart, null]);
  });

  it('stay what they were when others do not fit', async () => {
    const choice = fresh();
    await choice.use(document, heart);
    request.mockRejectedValueOnce(new Error('liver.safetensors is damaged'));
    await expect(choice.use(document, '/liver.safetensors')).rejects.toThrow(/damaged/);
    fresh().restore(document);
    expect(files().at(-1)).toBe(heart);
  });

  it('are given up, aloud, when they are gone', async () => {
    await fresh().use(document, heart);
    request.mockRejectedValueOnce(new Error('best.safetensors is not there'));
    fresh().restore(document);
    await vi.waitFor(() => expect(window.showWarningMessage).toHaveBeenCalled());
    expect(window.showWarningMessage.mock.calls[0][0]).toMatch(/frozen model answers.*not there/);
    fresh().restore(document);
    expect(request).toHaveBeenCalledTimes(2);
  });
});
