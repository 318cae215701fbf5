import { describe, expect, it } from 'vitest';
import { deviceProblem } from '../../../src/kernel/runtime/deviceProblems';
import { missingLibrary, openLibrary } from '../../../src/kernel/runtime/nativeLibraries';

const linux = process.platform === 'linux';

describe.skipIf(!linux)('a native library', () => {
  it('is opened by name, and stays so', () => {
    expect(openLibrary('libm.so.6')).toBeNull();
  });

  it('that is missing is told by its name', () => {
    const problem = openLibrary('libnowhere.so.7');
    expect(problem).toMatch(/libnowhere\.so\.7: cannot open shared object file/);
    expect(missingLibrary(problem ?? '')).toBe('libnowhere.so.7');
    expect(missingLibrary('libcublas.so.13: version `GLIBC_2.34` not found')).toBeNull();
  });
});

describe('why a device does not work', () => {
  const driver = linux && openLibrary('libcuda.so.1') === null;

  it.skipIf(!linux || driver)('is the missing driver, by name, before anything else', () => {
    const { reason, remedy } = deviceProblem('cuda', 'Failed to load shared library');
    expect(reason).toBe('the NVIDIA driver is missing (libcuda.so.1)');
    expect(remedy).toMatch(/Install the driver.*"auto"/);
  });

  it.skipIf(!linux || openLibrary('libvulkan.so.1') === null)('is the missing Vulkan loader', () => {
    const { reason, remedy } = deviceProblem('webgpu', 'Failed to get a WebGPU adapter: No supported adapters');
    expect(reason).toBe('the library libvulkan.so.1 is missing');
    expect(remedy).toMatch(/Install libvulkan1/);
  });

  it("is ONNX Runtime's own reason where nothing better is known, with what to do", () => {
    const { reason, remedy } = deviceProblem('dml', 'No DXGI adapter was found');
    expect(reason).toBe('No DXGI adapter was found');
    expect(remedy).toMatch(/Direct3D 12/);
    expect(deviceProblem('webgpu', 'device lost').reason).toBe('device lost');
  });
});
