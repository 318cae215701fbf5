/** What a check found: for programs, for people, and as a verdict. */
export interface DoctorReport {
  readonly result: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
  readonly healthy: boolean;
}
