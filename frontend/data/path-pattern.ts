/** True where the path matches the pattern as fsspec's glob does: `*` and `?` stay within a folder, `**` does not. */
export function matchesPath(pattern: string, path: string): boolean {
  const source = pattern.replace(/^\.\//, "").replace(/\*\*\/|\*\*|\*|\?|\[!?[^\]]*\]|[^*?[]+|\[/g, (piece) => {
    if (piece === "**/") return "(?:.*/)?";
    if (piece === "**") return ".*";
    if (piece === "*") return "[^/]*";
    if (piece === "?") return "[^/]";
    if (piece.length > 2 && piece.startsWith("[")) return piece.replace("[!", "[^").replaceAll("\\", "\\\\");
    return piece.replace(/[\\^$.|+(){}[\]]/g, "\\$&");
  });
  return new RegExp(`^${source}$`).test(path);
}
