/**
 * A function that gives each name one of its own: the `plain` form of it, with `_2`, `_3` and so on behind where that is
 * one of `taken` or was given before. `same`: what may not occur twice, the lower case of names that become files say.
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
    // It goes on where the last of the same form ended: a file may have ten thousand of them.
    let number = next.get(wanted) ?? 2;
    for (; given.has(same(unique)); number++) unique = `${wanted}_${number}`;
    next.set(wanted, number);
    given.add(same(unique));
    return unique;
  };
}
