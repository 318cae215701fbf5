/** A line of a tree in the side bar, without VS Code. */
export interface Row {
  /** Unique in its tree. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  /** Name of one of VS Code's icons. */
  readonly icon: string;
  /** Name of the colour of the icon; by default the text's. */
  readonly colour?: string;
  /** What the menus of the manifest ask for. */
  readonly context: string;
  /** Of the tooltip; the label stands above them. */
  readonly lines: readonly string[];
  /** Whether a click runs the tree's own command. */
  readonly opens?: boolean;
  readonly children?: readonly Row[];
}
