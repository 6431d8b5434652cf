/**
 * localSimilarityStatistics: mean and biased variance of each logit term and head over all pairs whose key
 * lies in the window and in the image. Equals `composedLocalSimilarityStatistics` of src/functions/local-attention.ts.
 *
 * The products are formed a pair of queries at a time. Entries of a line for image rows that there are not are made to
 * count for nothing: equal to another product.
 */
import { shareStart } from "./arguments";
import {
  after, at, before, eitherCount, eitherKey, firstCount, firstIndex, firstKey, fullKeyDepth, groupCount, height,
  keyTable, length, lineBytes, lines, offsetCount, offsetIndex, offsetKey, queryBytes, queryRow, queryTable, readImages,
  rowBytes, rows, secondCount, secondIndex, secondKey, selectGroup, selectPair, unit,
} from "./axis";
import { columnBytes, fillOutside, loadImageRow, selectImageRow } from "./image-band";
import { contentQueries, encodingBytes, encodings, keyEncodings, prepareLogits, stepToOther } from "./logits";
import { addDotKeys, dotEncodings, dotRows } from "./rows";
import { addMomentsToHeads, addProducts, clearMoments, prepareMoments } from "./similarity-moments";
import { localSimilarityStatisticsArgs } from "./slots";

export function localSimilarityStatistics(args: usize, part: i32, parts: i32): void {
  readImages(args, part);
  prepareMoments(at(localSimilarityStatisticsArgs.sums(args), part, localSimilarityStatisticsArgs.sumBytes(args)));
  prepareProducts();
  const imageRows = groupCount() * height;
  const start = shareStart(imageRows, part, parts), end = shareStart(imageRows, part + 1, parts);
  for (let row = start; row < end; row++) {
    const y = row % height;
    if (row === start || y === 0) {
      selectGroup(row / height);
      clearMoments();
      for (let other = y - before; other < y + after; other++) loadImageRow(other);
    }
    loadImageRow(y + after);
    selectImageRow(y, f32x4.splat(1));
    for (let x = 0; x < length; x += 2) {
      selectPair(x);
      contentProducts(x);
      addLines(0, y);
      if (queryTable !== 0) {
        positionProducts(x);
        addLines(1, y);
      }
      if (keyTable !== 0) {
        keyProducts();
        addLines(2, y);
      }
    }
    if (y === height - 1 || row === end - 1) addMomentsToHeads();
  }
}

/** Takes scratch memory; the queries of a pair, which `prepareLogits` makes room for, stay zero here. */
export function prepareProducts(): void {
  prepareLogits();
  memory.fill(contentQueries, 0, 2 * queryBytes);
}

/** Query i of the selected pair. */
export function queryAt(i: i32): usize {
  return at(rows, i * unit + queryRow, rowBytes);
}

export function contentProducts(i: i32): void {
  dotRows(
    queryAt(i), columnBytes(), at(rows, eitherKey, rowBytes) + queryBytes, rowBytes, at(lines, eitherKey, 16), lineBytes,
    eitherCount, fullKeyDepth,
  );
}

export function positionProducts(i: i32): void {
  dotEncodings(
    queryAt(i), columnBytes(), at(encodings, offsetIndex, encodingBytes), encodingBytes, at(lines, offsetKey, 16),
    stepToOther(), offsetCount, fullKeyDepth,
  );
}

export function keyProducts(): void {
  const keys = rows + queryBytes;
  const line0 = at(lines, firstKey, 16), line1 = at(lines + lineBytes, secondKey, 16);
  memory.fill(line0, 0, <usize>firstCount << 4);
  memory.fill(line1, 0, <usize>secondCount << 4);
  addDotKeys(
    contentQueries, at(keys, firstKey, rowBytes), rowBytes, at(keyEncodings, firstIndex, queryBytes), queryBytes,
    line0, firstCount, fullKeyDepth,
  );
  addDotKeys(
    contentQueries, at(keys, secondKey, rowBytes), rowBytes, at(keyEncodings, secondIndex, queryBytes), queryBytes,
    line1, secondCount, fullKeyDepth,
  );
}

/** Adds the moments of the pair's products. */
function addLines(term: i32, y: i32): void {
  addLine(term, y, lines, firstKey, firstCount);
  if (secondCount > 0) addLine(term, y, lines + lineBytes, secondKey, secondCount);
}

function addLine(term: i32, y: i32, line: usize, first: i32, count: i32): void {
  const own = v128.load(at(line, first + queryRow, 16)); // the query's own row is in the image
  fillOutside(y, line, first, count, own);
  const imageRows = min(height - 1, y + after) - max(0, y - before) + 1;
  addProducts(term, at(line, first, 16), count, count / unit * imageRows, own);
}
