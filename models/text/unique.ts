/**
 * A function that gives each name a unique one: its `plain` form, with `_2`, `_3` and so on appended if that
 * is in `taken` or was given before. `same`: what may not occur twice, for example the lower case of names
 * that become files.
 */
export function uniqueNames(
  plain: (name: string) => string,
  taken: Iterable<string>,
  same: (unique: string) => string = (unique) => unique,
): (name: string) => string {
  const given = new Set(taken);
  const next = new Map<string, number>();
  return (name) => {
    const wanted = plain(name);
    let unique = wanted;
    // Continue after the last number of the same form: a file may have ten thousand of them.
    let number = next.get(wanted) ?? 2;
    for (; given.has(same(unique)); number++) unique = `${wanted}_${number}`;
    next.set(wanted, number);
    given.add(same(unique));
    return unique;
  };
}
