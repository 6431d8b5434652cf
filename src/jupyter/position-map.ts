/**
 * From positions in the JavaScript that runs to positions in the cell that the user wrote. The JavaScript comes from
 * the compiler's output (which has a source map) by cutting it into pieces and putting them together again.
 */

/** Quadruples `line, column, source line, source column`, zero-based, in order of line and column. */
export type PositionMap = number[];

/** A piece of the script: new text, or a range of the compiler's output. */
export type Piece = string | { from: number; to: number };

export interface Position {
  line: number;
  column: number;
}

export function assemble(pieces: readonly Piece[], compiled: string): string {
  return pieces.map((piece) => (typeof piece === "string" ? piece : compiled.slice(piece.from, piece.to))).join("");
}

/** Follows the compiler's mappings (version 3, one source) through the pieces. */
export function createPositionMap(pieces: readonly Piece[], compiled: string, mappings: string): PositionMap {
  const segments = decodeMappings(mappings, lineStarts(compiled));
  const script = assemble(pieces, compiled);
  const starts = lineStarts(script);
  const map: PositionMap = [];
  let at = 0;
  let line = 0;
  for (const piece of pieces) {
    if (typeof piece === "string") {
      at += piece.length;
      continue;
    }
    for (let index = firstAtOrAfter(segments, piece.from); index < segments.length; index++) {
      const { offset, sourceLine, sourceColumn } = segments[index];
      if (offset >= piece.to) break;
      const position = at + offset - piece.from;
      while (line + 1 < starts.length && starts[line + 1] <= position) line++;
      map.push(line, position - starts[line], sourceLine, sourceColumn);
    }
    at += piece.to - piece.from;
  }
  return map;
}

/** The source position of a position in the script; null where the script's text is not the user's. */
export function sourcePosition(map: PositionMap, { line, column }: Position): Position | null {
  let found: Position | null = null;
  for (let index = 0; index < map.length; index += 4) {
    if (map[index] > line || (map[index] === line && map[index + 1] > column)) break;
    if (map[index] === line) found = { line: map[index + 2], column: map[index + 3] };
  }
  return found;
}

interface Segment {
  offset: number;
  sourceLine: number;
  sourceColumn: number;
}

export function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function firstAtOrAfter(segments: readonly Segment[], offset: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle].offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Source map v3: lines by `;`, segments by `,`, each of four differences in base 64 VLQ. */
function decodeMappings(mappings: string, starts: readonly number[]): Segment[] {
  const segments: Segment[] = [];
  let sourceLine = 0;
  let sourceColumn = 0;
  mappings.split(";").forEach((group, line) => {
    let column = 0;
    for (const segment of group.split(",")) {
      const [columnStep, , lineStep, sourceStep] = decodeNumbers(segment);
      if (columnStep === undefined) continue;
      column += columnStep;
      if (lineStep === undefined || sourceStep === undefined) continue;
      sourceLine += lineStep;
      sourceColumn += sourceStep;
      segments.push({ offset: starts[line] + column, sourceLine, sourceColumn });
    }
  });
  return segments;
}

function decodeNumbers(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const character of text) {
    const digit = base64.indexOf(character);
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >>> 1) : value >>> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}
