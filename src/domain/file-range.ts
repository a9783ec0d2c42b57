/** A range of a file, as byte offsets: `from` inclusive, `to` exclusive. */
export interface FileRange {
  readonly from: number;
  readonly to: number;
}
