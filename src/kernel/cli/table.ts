/** Rows as lines with aligned columns: text to the left, figures to the right. The first row is the heading. */
export function tableLines(rows: readonly (readonly string[])[], textColumns: readonly number[] = [0]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const aligned = (cell: string, column: number): string =>
    textColumns.includes(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  return rows.map((row) => row.map(aligned).join('  ').trimEnd());
}
