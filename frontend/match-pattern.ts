/** Python's `fnmatch.fnmatchcase`: `*`, `?`, `[abc]` and `[!abc]` over the whole name. */
export function matchesPattern(name: string, pattern: string): boolean {
  const source = pattern.replaceAll(/\[(!?)(\]?[^\]]*)\]|[*?]|[^]/g, (part, negation: string, members: string) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (members === undefined) return part.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");
    const escaped = members.replaceAll(/[\\\][^&~|]/g, "\\$&");
    return `[${negation === "!" ? "^" : ""}${escaped}]`;
  });
  return new RegExp(`^${source}$`, "s").test(name);
}
