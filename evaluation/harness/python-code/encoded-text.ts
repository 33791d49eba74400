import { sha256Hex } from "../../../base/sha256.ts";
import { Callable } from "../jinja/runtime-value.ts";
import { unsupported } from "../python/python-error.ts";
import { PythonObject, type PythonValue } from "../python/value.ts";

/** The UTF-8 bytes of a text: to be counted, hashed and decoded again. */
export class EncodedText extends PythonObject {
  readonly typeName = "bytes";
  readonly #text: string;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  override length(): number {
    return new TextEncoder().encode(this.#text).length;
  }
  override isTruthy(): boolean {
    return this.#text !== "";
  }

  attribute(name: string): PythonValue | undefined {
    return name === "decode" ? new Callable(() => this.#text) : undefined;
  }

  /** `hashlib.sha256(bytes)`. */
  digest(): PythonObject {
    return new Digest(this.#text);
  }
}

class Digest extends PythonObject {
  readonly typeName = "HASH";
  readonly #text: string;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  attribute(name: string): PythonValue | undefined {
    return name === "hexdigest" ? new Callable(() => sha256Hex(this.#text)) : undefined;
  }
}

/** `text.encode()`. */
export function encodeText(text: string): Callable {
  return new Callable(({ positional: [encoding = "utf-8"], named }) => {
    const wanted = named.get("encoding") ?? encoding;
    if (wanted !== "utf-8" && wanted !== "utf8") throw unsupported("str.encode to something else than UTF-8");
    if (!text.isWellFormed()) throw unsupported("encoding a lone surrogate");
    return new EncodedText(text);
  });
}
