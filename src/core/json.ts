/** JSON as people and editors write it. */

/** Like `JSON.parse`, but a byte order mark before the text, as editors on Windows leave it there, is no error. */
export const parseJson = (text: string): unknown => JSON.parse(text.replace(/^\uFEFF/, ""));
