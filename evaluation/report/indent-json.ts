const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]]|, |[^"{}[\],]+/gy;

/**
 * JSON of one line, as Python's `json.dumps` prints it, as `json.dumps(…, indent=2)` would print the same value. Works on
 * the text, so no number changes its spelling.
 */
export function indentJson(text: string): string {
  let result = "";
  let depth = 0;
  let isEmpty = false;
  for (const [token] of text.matchAll(TOKEN)) {
    switch (token) {
      case "{":
      case "[":
        if (isEmpty) result += lineAt(depth);
        result += token;
        depth += 1;
        isEmpty = true;
        continue;
      case "}":
      case "]":
        depth -= 1;
        result += isEmpty ? token : lineAt(depth) + token;
        break;
      case ", ":
        result += `,${lineAt(depth)}`;
        break;
      default:
        result += isEmpty ? lineAt(depth) + token : token;
    }
    isEmpty = false;
  }
  return result;
}

function lineAt(depth: number): string {
  return `\n${"  ".repeat(depth)}`;
}
