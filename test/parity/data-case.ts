/** Data files, and how a task names them. */
export interface DataCase {
  readonly title: string;
  readonly files: { readonly [path: string]: string | Buffer };
  readonly path: string;
  readonly name?: string;
  readonly kwargs?: object;
  /** Muster refuses on purpose what the harness reads. */
  readonly isRefused?: RegExp;
}

/** A case of a folder `here`. */
export const folder = (title: string, files: DataCase["files"], rest: Partial<DataCase> = {}): DataCase => ({
  title,
  files,
  path: "here",
  ...rest,
});

/** A row of JSON Lines. */
export const row = '{"a": 1}\n';
