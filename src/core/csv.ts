/** Comma-separated values as RFC 4180 has them, but that a line ends in a line feed alone. */

/** What stands in a field. */
export type CsvField = string | number | boolean | null | undefined;

/** A line with its end; null and undefined are empty fields. */
export const csvLine = (values: readonly CsvField[]): string => `${values.map(fieldText).join(",")}\n`;

function fieldText(value: CsvField): string {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
