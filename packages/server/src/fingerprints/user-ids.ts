/** User ids that are kept of a visitor. */
const USER_IDS_MAX = 100;

/** Ids of both, each once, in order; whoever has more of them than are kept is no single person. */
export function unite(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].sort().slice(0, USER_IDS_MAX);
}

/** Ids that are not among the excluded ones. */
export function without(userIds: readonly string[], excluded: ReadonlySet<string>): string[] {
  return userIds.filter((userId) => !excluded.has(userId));
}
