import { createHash } from 'node:crypto';
import { zipSync, type ZipOptions } from 'fflate';
import type { Behaviour, FileServer } from './fileServer';
import { libraryFile } from './libraryFile';

export interface FakeWheel {
  readonly project: string;
  readonly version: string;
  readonly members: Readonly<Record<string, Buffer | [Buffer, ZipOptions]>>;
  readonly platform?: string;
}

/** The libraries of a CUDA, tiny, as NVIDIA's wheels and ONNX Runtime's hold them; real ELF, real zip. */
export function cudaWheels(onnxruntime: string, cuda: 12 | 13): FakeWheel[] {
  const suffix = cuda === 12 ? '-cu12' : '';
  const folder = cuda === 12 ? (name: string) => `nvidia/${name}/lib` : () => 'nvidia/cu13/lib';
  const library = (soname: string, ...needed: string[]) => libraryFile({ soname, needed: [...needed, 'libc.so.6'] });
  const provider = libraryFile({
    soname: null,
    needed: [
      `libcublasLt.so.${cuda}`,
      `libcublas.so.${cuda}`,
      'libcurand.so.10',
      `libcudart.so.${cuda}`,
      'libcuda.so.1',
    ],
  });
  const cudart = `libcudart.so.${cuda}`;
  const [cublas, cublasLt] = [`libcublas.so.${cuda}`, `libcublasLt.so.${cuda}`];
  const wheels: FakeWheel[] = [
    {
      project: `nvidia-cuda-runtime${suffix}`,
      version: `${cuda}.0.48`,
      members: {
        [`${folder('cuda_runtime')}/${cudart}`]: library(cudart),
        'nvidia/include/cuda.h': Buffer.from('/* */'),
      },
    },
    {
      project: `nvidia-cublas${suffix}`,
      version: `${cuda}.1.0.19`,
      members: {
        [`${folder('cublas')}/${cublas}`]: library(cublas, cublasLt),
        [`${folder('cublas')}/${cublasLt}`]: library(cublasLt),
        [`${folder('cublas')}/libnvblas.so.${cuda}`]: library(`libnvblas.so.${cuda}`, cublas),
      },
    },
    {
      project: `nvidia-curand${suffix}`,
      version: '10.4.0.35',
      members: { [`${folder('curand')}/libcurand.so.10`]: library('libcurand.so.10') },
    },
    {
      project: `nvidia-cudnn-cu${cuda}`,
      version: '9.13.0.50',
      members: {
        'nvidia/cudnn/lib/libcudnn.so.9': library('libcudnn.so.9'),
        'nvidia/cudnn/lib/libcudnn_ops.so.9': library('libcudnn_ops.so.9'),
      },
    },
    {
      project: `nvidia-cuda-nvrtc${suffix}`,
      version: `${cuda}.0.48`,
      members: {
        [`${folder('cuda_nvrtc')}/libnvrtc.so.${cuda}`]: library(`libnvrtc.so.${cuda}`),
        [`${folder('cuda_nvrtc')}/libnvrtc-builtins.so.${cuda}.0`]: library(`libnvrtc-builtins.so.${cuda}.0`),
      },
    },
  ];
  if (cuda === 12) return wheels;
  return [
    {
      project: 'onnxruntime-gpu',
      version: onnxruntime,
      members: runtimeMembers('onnxruntime/capi', provider, onnxruntime),
    },
    ...wheels,
  ];
}

/** What a package of ONNX Runtime with CUDA holds, under its folder. */
export const runtimeMembers = (folder: string, provider: Buffer, version: string): Record<string, Buffer> => ({
  [`${folder}/libonnxruntime.so.${version}`]: libraryFile({ soname: 'libonnxruntime.so.1', needed: ['libc.so.6'] }),
  [`${folder}/libonnxruntime_providers_cuda.so`]: provider,
  [`${folder}/libonnxruntime_providers_shared.so`]: libraryFile({
    soname: 'libonnxruntime_providers_shared.so',
    needed: [],
  }),
  [`${folder}/libonnxruntime_providers_tensorrt.so`]: libraryFile({ soname: null, needed: ['libnvinfer.so.10'] }),
});

export interface ServedWheel extends FakeWheel {
  readonly filename: string;
  readonly bytes: Buffer;
  readonly sha256: string;
  /** Taken by its requests one after another. */
  readonly behaviours: Behaviour[];
}

/** Serves wheels and a Python index of them at `/simple`, as JSON, or as the older HTML that tells no sizes. */
export function serveIndex(
  server: FileServer,
  wheels: readonly FakeWheel[],
  form: 'json' | 'html' = 'json',
): ServedWheel[] {
  const served = wheels.map((wheel): ServedWheel => {
    const { project, version, members, platform = 'manylinux_2_27_x86_64' } = wheel;
    const bytes = Buffer.from(zipSync({ ...members }));
    const filename = `${project.replaceAll('-', '_')}-${version}-py3-none-${platform}.whl`;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const behaviours: Behaviour[] = [];
    server.file(`/wheels/${filename}`, bytes, behaviours);
    return { ...wheel, filename, bytes, sha256, behaviours };
  });
  for (const project of new Set(wheels.map((wheel) => wheel.project))) {
    const files = served.filter((wheel) => wheel.project === project);
    if (form === 'html') server.text(`/simple/${project}/`, 'text/html', () => htmlPage(files));
    else server.text(`/simple/${project}/`, 'application/vnd.pypi.simple.v1+json', () => jsonPage(project, files));
  }
  return served;
}

const jsonPage = (name: string, files: readonly ServedWheel[]): string =>
  JSON.stringify({
    meta: { 'api-version': '1.1' },
    name,
    files: files.map(({ filename, sha256, bytes }) => ({
      filename,
      url: `../../wheels/${filename}`,
      hashes: { sha256 },
      size: bytes.length,
      yanked: false,
    })),
  });

const htmlPage = (files: readonly ServedWheel[]): string =>
  `<!DOCTYPE html><html><body>${files
    .map(
      ({ filename, sha256 }) =>
        `<a href="../../wheels/${filename}#sha256=${sha256}" data-requires-python="&gt;=3.9">${filename}</a><br/>`,
    )
    .join('\n')}</body></html>`;
