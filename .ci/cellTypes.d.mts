export const cellTypesPackage: string;
export function writeCellTypes(root: string, folder: string): Promise<void>;
