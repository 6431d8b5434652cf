/**
 * axialSimilarityStatistics: mean and biased variance of each logit term and head over all sequences and all pairs in
 * the window. Equals `composedAxialSimilarityStatistics` of src/functions/axial-attention.ts.
 */
import { gramVectors, rowsVectors } from "../attention-scratch";
import { shareStart } from "./arguments";
import {
  at, eitherCount, eitherKey, firstCount, firstKey, fullKeyDepth, groupCount, keyTable, length, lineBytes, lines,
  loadQueriesAndKeys, queryBytes, queryTable, readAxis, rowBytes, rows, secondCount, secondKey, selectPair, take,
} from "./axis";
import { dotRows } from "./rows";
import { centre, dot, windowBytes, windowsOf } from "./similarity-gram";
import { dotPositions, encodingsOf, firstEntries, firstEntry, secondEntries, secondEntry } from "./similarity-products";
import { addMeans, addMomentsToHeads, addProducts, clearMoments, prepareMoments } from "./similarity-moments";
import { dotVector, dotVectors, gram, windowForms } from "./similarity-tiles";
import { axialSimilarityStatisticsArgs } from "./slots";

export function axialSimilarityStatistics(args: usize, part: i32, parts: i32): void {
  readAxis(args, part);
  const byGram = axialSimilarityStatisticsArgs.byGram(args);
  prepareMoments(at(axialSimilarityStatisticsArgs.sums(args), part, axialSimilarityStatisticsArgs.sumBytes(args)));
  if (byGram) prepareGram();
  else prepareProducts();
  const end = shareStart(groupCount(), part + 1, parts);
  for (let group = shareStart(groupCount(), part, parts); group < end; group++) {
    loadQueriesAndKeys(group);
    clearMoments();
    if (byGram) groupByGram();
    else groupByProducts();
    addMomentsToHeads();
  }
}

let queryEncodings: usize = 0, keyEncodings: usize = 0;

function prepareProducts(): void {
  queryEncodings = queryTable === 0 ? 0 : encodingsOf(queryTable);
  keyEncodings = keyTable === 0 ? 0 : encodingsOf(keyTable);
}

function groupByProducts(): void {
  for (let i = 0; i < length; i += 2) {
    selectPair(i);
    dotRows(
      at(rows, i, rowBytes), rowBytes, at(rows, eitherKey, rowBytes) + queryBytes, rowBytes,
      at(lines, eitherKey, 16), lineBytes, eitherCount, fullKeyDepth,
    );
    addLine(0, at(lines, firstKey, 16), firstCount);
    addLine(0, at(lines + lineBytes, secondKey, 16), secondCount);
    if (queryTable !== 0) {
      dotPositions(at(rows, i, rowBytes), rowBytes, i, queryEncodings);
      addPositions(1);
    }
    if (keyTable !== 0) {
      dotPositions(at(rows, length - 1 - i, rowBytes) + queryBytes, 0 - rowBytes, i, keyEncodings);
      addPositions(2);
    }
  }
}

function addPositions(term: i32): void {
  addLine(term, at(lines, firstEntry, 16), firstEntries);
  addLine(term, at(lines + lineBytes, secondEntry, 16), secondEntries);
}

function addLine(term: i32, line: usize, count: i32): void {
  if (count > 0) addProducts(term, line, count, count, v128.load(line));
}

/** Gram matrices of queries and keys, a mean, vectors less their mean, and the windows of the encodings. */
let queryGram: usize = 0, keyGram: usize = 0, mean: usize = 0, centred: usize = 0;
let queryWindows: usize = 0, keyWindows: usize = 0;

function prepareGram(): void {
  queryGram = take(gramVectors(fullKeyDepth));
  keyGram = take(gramVectors(fullKeyDepth));
  mean = take(fullKeyDepth);
  centred = take(rowsVectors(length, fullKeyDepth));
  queryWindows = queryTable === 0 ? 0 : windowsOf(queryTable);
  keyWindows = keyTable === 0 ? 0 : windowsOf(keyTable);
}

function groupByGram(): void {
  const queries = rows, keys = rows + queryBytes, lastKey = at(keys, length - 1, rowBytes);
  centre(keys, mean, centred);
  gram(centred, queryBytes, keyGram);
  gram(queries, rowBytes, queryGram);
  dotVector(queries, rowBytes, mean, lines);
  // sum_i q_i.(C q_i) is the sum of the products of the two matrices' elements.
  addMeans(0, lines, length, length, dot(queryGram, keyGram, <usize>fullKeyDepth * queryBytes));
  if (queryTable !== 0) addWindows(1, queries, rowBytes, queryWindows);
  if (keyTable !== 0) addWindows(2, lastKey, 0 - rowBytes, keyWindows);
}

/** Moments of the products of vectors with the encodings that meet query i (or key L - 1 - i). */
function addWindows(term: i32, y: usize, bytes: usize, windows: usize): void {
  dotVectors(y, bytes, windows, windowBytes(), lines);
  addMeans(term, lines, length, length, windowForms(y, bytes, windows + (queryBytes >> 2), windowBytes()));
}
