export const cudaMajors = [12, 13] as const;
export type CudaMajor = (typeof cudaMajors)[number];

/** One of NVIDIA's libraries as it comes from a Python index. */
export interface CudaLibrary {
  /** The project on the index. */
  readonly project: string;
  /** The library that others ask for, as "libcublas.so.13". The major version of the project is its number. */
  readonly soname: string;
  /** The files to take of the wheel, by name. */
  readonly members: RegExp;
}

/**
 * What the CUDA provider computes with. The list is fixed, not read from the provider, because the size has to be told
 * before anything is fetched, and because the provider opens cuDNN by itself where the dynamic section does not name it.
 * `install.ts` checks afterwards that nothing is missing. cuFFT is not in it: ONNX Runtime ≥ 1.30 opens it for the operators
 * Rfft and Irfft only, which no program of this project holds; an older provider that needs it gets it by that check.
 */
export const usedLibraries = (cuda: CudaMajor): CudaLibrary[] =>
  [`libcudart.so.${cuda}`, `libcublas.so.${cuda}`, 'libcurand.so.10', 'libcudnn.so.9', `libnvrtc.so.${cuda}`].map(
    (soname) => libraryFor(soname, cuda) as CudaLibrary,
  );

/** What to call the project, and which of its files to take, by the name of a library without "lib" and version. */
const projects: Readonly<Record<string, { readonly project: string; readonly members: RegExp }>> = {
  cudart: { project: 'cuda-runtime', members: /^libcudart\.so\.\d+$/ },
  cublas: { project: 'cublas', members: /^libcublas(Lt)?\.so\.\d+$/ },
  cublasLt: { project: 'cublas', members: /^libcublas(Lt)?\.so\.\d+$/ },
  curand: { project: 'curand', members: /^libcurand\.so\.\d+$/ },
  cufft: { project: 'cufft', members: /^libcufft\.so\.\d+$/ },
  cudnn: { project: 'cudnn', members: /^libcudnn(_\w+)?\.so\.\d+$/ },
  // Its built-in headers carry the minor version in their name: libnvrtc-builtins.so.13.2.
  nvrtc: { project: 'cuda-nvrtc', members: /^libnvrtc(-builtins)?\.so\.[\d.]+$/ },
  nvJitLink: { project: 'nvjitlink', members: /^libnvJitLink\.so\.\d+$/ },
};

/** Where a library comes from; null for one that is not NVIDIA's to give. */
export function libraryFor(soname: string, cuda: CudaMajor): CudaLibrary | null {
  const name = /^lib(\w+)\.so\.\d+$/.exec(soname)?.[1] ?? '';
  if (!Object.hasOwn(projects, name)) return null;
  const { project, members } = projects[name];
  // Since CUDA 13 the projects carry no number any more, except cuDNN, which has versions of its own.
  const suffix = cuda === 12 || name === 'cudnn' ? `-cu${cuda}` : '';
  return { project: `nvidia-${project}${suffix}`, soname, members };
}

/** The major version in a library's name. */
export const majorOf = (soname: string): number => Number(/\.so\.(\d+)/.exec(soname)?.[1]);

/** The driver's own library, which nothing but the driver brings. */
export const driverLibrary = 'libcuda.so.1';

/** Libraries of the C and C++ system, which every machine that runs Node and ONNX Runtime has. */
export const isOfTheSystem = (soname: string): boolean =>
  /^(ld-linux[\w-]*|lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s|z))\.so/.test(soname);
