import type { Interrupts } from './interrupts';
import { flag, type OptionTable, type Values } from './options';
import type { Output } from './output';
import { parseCommandLine } from './parse';

export interface Operand {
  readonly name: string;
  readonly description: string;
  /** May be left out, as may all that follow it. */
  readonly optional?: boolean;
}

/** What a command is called with: one table, read by the parser and by the help alike. */
export interface CommandSpec<Table extends OptionTable = OptionTable> {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly operands: readonly Operand[];
  readonly options: Table;
  /** What help tells after the options, line by line. */
  readonly notes: readonly string[];
}

export interface Surroundings {
  readonly output: Output;
  readonly interrupts: Interrupts;
}

export interface Call<Table extends OptionTable> extends Surroundings {
  readonly values: Values<Table>;
  readonly operands: readonly string[];
}

export interface Command {
  readonly spec: CommandSpec;
  /**
   * Reads the arguments, does the work and hands its one result to `output`. Resolves with the exit code.
   * @throws UsageError for arguments that do not fit, UserError for what the work meets, CancelledError
   */
  readonly execute: (args: readonly string[], surroundings: Surroundings) => Promise<number>;
}

/** Joins a table with the work; `values` has the types of the table. */
export const command = <Table extends OptionTable>(
  spec: CommandSpec<Table>,
  run: (call: Call<Table>) => Promise<number>,
): Command => ({
  spec,
  execute: (args, surroundings) => run({ ...parseCommandLine(spec, args), ...surroundings }),
});

/** Every command takes it; `program.ts` reads it. */
export const json = flag('Print one JSON object on standard output; everything else goes to standard error');

export const exitCodes = { success: 0, failure: 1, usage: 2 } as const;
