/** Reads the part of a protocol buffer's text form that deeplab2's model options are written in. */
import { FileError } from "../../core/errors.js";

export interface Options {
  /** The one message of that name. Throws FileError where there is none. */
  one(name: string): Options;
  maybe(name: string): Options | undefined;
  all(name: string): readonly Options[];
  number(name: string): number;
  numbers(name: string): readonly number[];
  text(name: string): string;
  flag(name: string): boolean;
}

type Field = string | Message;
type Message = Map<string, Field[]>;

/** @throws FileError when the text is not of that form. */
export function parseOptions(text: string): Options {
  const tokens = text.match(/"[^"]*"|[{}:]|[^\s{}:]+/g) ?? [];
  let next = 0;
  const parse = (isRoot: boolean): Message => {
    const message: Message = new Map();
    while (next < tokens.length) {
      const name = tokens[next++];
      if (name === "}") {
        if (isRoot) break;
        return message;
      }
      const sign = tokens[next++];
      if (sign !== "{" && sign !== ":") throw malformed(name);
      const field = sign === "{" ? parse(false) : tokens[next++]?.replace(/^"|"$/g, "");
      if (field === undefined) throw malformed(name);
      message.set(name, [...(message.get(name) ?? []), field]);
    }
    if (!isRoot) throw malformed("the end");
    return message;
  };
  return optionsOf(parse(true));
}

const malformed = (where: string) =>
  new FileError(
    `verify: model options must be a protocol buffer's text, got something else at ${where}; make the file again`,
  );

function optionsOf(message: Message): Options {
  const fields = (name: string) => message.get(name) ?? [];
  const messages = (name: string) => fields(name).flatMap((field) => (field instanceof Map ? [optionsOf(field)] : []));
  const texts = (name: string) => fields(name).flatMap((field) => (typeof field === "string" ? [field] : []));
  const need = <T>(name: string, [first]: readonly T[]): T => {
    if (first === undefined)
      throw new FileError(`verify: model options must say ${name}, got none; make the file again`);
    return first;
  };
  return {
    one: (name) => need(name, messages(name)),
    maybe: (name) => messages(name)[0],
    all: messages,
    number: (name) => Number(need(name, texts(name))),
    numbers: (name) => texts(name).map(Number),
    text: (name) => need(name, texts(name)),
    flag: (name) => texts(name)[0] === "true",
  };
}
