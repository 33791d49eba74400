// Files beside a module, read only: helpers keep tables of subjects or prompts there.
import { Callable } from "../jinja/runtime-value.ts";
import { PythonError, unsupported } from "../python/python-error.ts";
import { str } from "../python/represent.ts";
import { splitLines } from "../python/split.ts";
import { PythonObject, type PythonValue } from "../python/value.ts";

/** Gives the text of a file that code may read, or null where there is none. */
export type ReadText = (path: string) => string | null;

/** An open text file. */
export class TextFile extends PythonObject {
  readonly typeName = "TextIOWrapper";
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }

  override iterate(): Iterable<PythonValue> {
    return this.lines;
  }

  get lines(): string[] {
    return splitLines(this.text.replaceAll(/\r\n?/g, "\n"), true);
  }

  attribute(name: string): PythonValue | undefined {
    if (name === "read") return new Callable(() => this.text.replaceAll(/\r\n?/g, "\n"));
    if (name === "readlines") return new Callable(() => this.lines);
    return name === "close" ? new Callable(() => null) : undefined;
  }
}

/** Opens a file for reading. Throws `unsupported` for one that code may not read. */
export function openText(read: ReadText, path: PythonValue, mode: PythonValue | undefined): TextFile {
  const name = path instanceof PathValue ? path.path : path;
  if (typeof name !== "string" || !["r", "rt"].includes(mode === undefined ? "r" : str(mode)))
    throw unsupported("opening a file otherwise than for reading text");
  const text = read(name);
  if (text === null) throw unsupported(`the file ${name}, which is not beside the task`);
  return new TextFile(text);
}

/** `pathlib.Path` of a POSIX system. */
export class PathValue extends PythonObject {
  readonly typeName = "PosixPath";
  readonly path: string;
  readonly #read: ReadText;

  constructor(path: string, read: ReadText) {
    super();
    this.path = path;
    this.#read = read;
  }

  override str(): string {
    return this.path;
  }

  /** `path / part`. */
  join(part: PythonValue): PathValue {
    const name = part instanceof PathValue ? part.path : part;
    if (typeof name !== "string") throw new PythonError("TypeError", "unsupported operand type(s) for /");
    return new PathValue(name.startsWith("/") ? name : `${this.path}/${name}`, this.#read);
  }

  attribute(name: string): PythonValue | undefined {
    const file = this.path.slice(this.path.lastIndexOf("/") + 1);
    switch (name) {
      case "parent":
        return new PathValue(this.path.slice(0, Math.max(1, this.path.lastIndexOf("/"))), this.#read);
      case "name":
        return file;
      case "stem":
        return file.replace(/(?<=.)\.[^.]*$/, "");
      case "resolve":
      case "absolute":
        return new Callable(() => this);
      case "open":
        return new Callable(({ positional: [mode], named }) => openText(this.#read, this, mode ?? named.get("mode")));
      case "read_text":
        return new Callable(() => openText(this.#read, this, undefined).text.replaceAll(/\r\n?/g, "\n"));
      default:
        return undefined;
    }
  }
}
