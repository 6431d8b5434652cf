/**
 * The similarity statistics from the products of the logit terms, formed a pair of vectors at a time as attention
 * itself does: for axes that are short for their depth, and for windows.
 *
 * The offsets that meet key L - 1 - i are those that meet query i, so the key-position term goes through the keys from
 * the last to the first.
 */
import { plainEncodingVectors } from "../attention-scratch";
import {
  at, before, firstOffset, fullKeyDepth, keyDepth, lastOffset, length, lineBytes, lines, offsets, take,
} from "./axis";
import { dotEncodings } from "./rows";

/**
 * Copies the window's part of a table [2L - 1, Dq] to [R][Dq] plain numbers, filled up to a multiple of 4 with zeros.
 */
export function encodingsOf(table: usize): usize {
  const width = <usize>fullKeyDepth << 2, bytes = <usize>keyDepth << 2;
  const encodings = take(plainEncodingVectors(offsets, fullKeyDepth));
  memory.fill(encodings, 0, <usize>offsets * width);
  for (let offset = 0; offset < offsets; offset++) {
    memory.copy(at(encodings, offset, width), at(table, length - 1 - before + offset, bytes), bytes);
  }
  return encodings;
}

/**
 * Products of a pair of vectors, at y and y + stride, that meet the offsets of queries i and i + 1, with the encodings
 * of the offsets that meet either, to the lines.
 */
export function dotPositions(y: usize, stride: usize, i: i32, encodings: usize): void {
  selectOffsets(i);
  const width = <usize>fullKeyDepth << 2;
  dotEncodings(
    y, stride, at(encodings, eitherOffset, width), width, lines, lineBytes, offsetsOfEither, fullKeyDepth,
  );
}

/** The first offset (from -before on) that meets either of the pair, and how many do. */
export let eitherOffset: i32 = 0, offsetsOfEither: i32 = 0;
/** Entries of the lines for offsets that meet the first, and the second; none after the last position. */
export let firstEntry: i32 = 0, firstEntries: i32 = 0, secondEntry: i32 = 0, secondEntries: i32 = 0;

function selectOffsets(i: i32): void {
  const first = firstOffset(i), last = lastOffset(i);
  const second = i + 1 < length ? firstOffset(i + 1) : first;
  const end = i + 1 < length ? lastOffset(i + 1) : second - 1;
  const either = min(first, second);
  eitherOffset = either + before;
  offsetsOfEither = max(last, end) - either + 1;
  firstEntry = first - either;
  firstEntries = last - first + 1;
  secondEntry = second - either;
  secondEntries = end - second + 1;
}
