/** Jupyter counts characters of a text by code points, JavaScript by UTF-16 units. */

/** How many code points lie before an offset in UTF-16 units. */
export const toCodePoints = (text: string, offset: number): number => [...text.slice(0, offset)].length;

/** The offset in UTF-16 units behind so many code points. */
export function fromCodePoints(text: string, count: number): number {
  let offset = 0;
  for (let i = 0; i < count && offset < text.length; i++) offset += text.codePointAt(offset)! > 0xffff ? 2 : 1;
  return offset;
}
