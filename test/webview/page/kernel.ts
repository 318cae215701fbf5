// Runs in the page: puts a kernel behind the renderer.
import type { ImageRequest } from '../../../src/protocol';
import type { VolumeOptions } from './drawnVolume';
import { FakeKernel } from './fakeKernel';

declare global {
  interface Window {
    kernel: FakeKernel;
    startKernel(volume: VolumeOptions, first: number): void;
  }
}

window.startKernel = (volume, first) => {
  const kernel = new FakeKernel(volume, (event) => window.host.receive(event), first);
  window.kernel = kernel;
  // Messages never arrive while they are sent.
  window.host.answer = (message) => setTimeout(() => void kernel.receive(message as ImageRequest));
};
