export { cudaMajors, type CudaMajor } from './cudaLibraries';
export { chooseCuda, driverProblem, findDriver, type Driver } from './driver';
export { install, type InstallOptions } from './install';
export {
  installationFolder,
  installationsFolder,
  isIntact,
  listInstallations,
  readInstallation,
  removeInstallations,
  sizeOfFolder,
  type Installation,
} from './installation';
export { planInstallation, type Plan, type Sources } from './plan';
export { installedRuntime, type RuntimePackage } from './runtimePackage';
export { findSystemLibraries } from './systemLibraries';
