/** The languages that a notebook of this kernel may be in. */

export const notebookLanguages = ["typescript", "javascript"] as const;
export type NotebookLanguage = (typeof notebookLanguages)[number];

/** What files in it end in: cells have such names for the compiler. */
export const extensionOf = (language: NotebookLanguage): ".ts" | ".js" => (language === "typescript" ? ".ts" : ".js");

export const nameOf = (language: NotebookLanguage): string => (language === "typescript" ? "TypeScript" : "JavaScript");
