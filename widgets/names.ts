/** Names of series and classes as keys of specifications. */

/**
 * The names, each of them once: the second "run" becomes "run (2)". Series that share a name would be drawn as one.
 */
export function distinctNames(names: readonly string[]): string[] {
  const given = new Set(names);
  const taken = new Set<string>();
  return names.map((name) => {
    let distinct = name;
    for (let number = 2; taken.has(distinct) || (distinct !== name && given.has(distinct)); number++)
      distinct = `${name} (${number})`;
    taken.add(distinct);
    return distinct;
  });
}
