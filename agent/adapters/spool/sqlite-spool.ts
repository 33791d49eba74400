import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { MusterError } from "../../../base/muster-error.ts";
import type { Spool } from "../../ports/spool.ts";

/** SQLite's result codes for a full disk, and for a write that the disk refused. */
const FULL_CODES = new Set([13, 10]);

const FILE_NAME = "spool.sqlite";

/** Whether a folder has a spool already. */
export function hasSpool(folder: string): boolean {
  return existsSync(join(folder, FILE_NAME));
}

/**
 * The spool as one SQLite file (WAL, `synchronous=FULL`): a torn write is rolled back by the library, and the numbers of
 * deleted batches are not given out again (AUTOINCREMENT keeps the highest). Used by one thread; a commit takes about a
 * millisecond and covers all batches that were closed in one turn of the loop.
 */
export class SqliteSpool implements Spool {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #delete: StatementSync;

  constructor(folder: string) {
    this.#path = join(folder, FILE_NAME);
    try {
      this.#database = new DatabaseSync(this.#path);
      this.#database.exec(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=8388608;" +
          "CREATE TABLE IF NOT EXISTS batch (number INTEGER PRIMARY KEY AUTOINCREMENT, bytes BLOB NOT NULL)",
      );
    } catch (error) {
      throw this.#explain(error);
    }
    this.#insert = this.#database.prepare("INSERT INTO batch (number, bytes) VALUES (?, ?)");
    this.#select = this.#database.prepare("SELECT bytes FROM batch WHERE number = ?");
    this.#delete = this.#database.prepare("DELETE FROM batch WHERE number = ?");
  }

  numbers(): readonly number[] {
    const rows = this.#database.prepare("SELECT number FROM batch ORDER BY number").all();
    return rows.map((row) => Number(row["number"]));
  }

  nextNumber(): number {
    const row = this.#database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'batch'").get();
    return Number(row?.["seq"] ?? 0) + 1;
  }

  put(batches: readonly { readonly batchNumber: number; readonly bytes: Uint8Array }[]): void {
    this.#transaction(() => {
      for (const { batchNumber, bytes } of batches) this.#insert.run(batchNumber, bytes);
    });
  }

  get(batchNumber: number): Uint8Array {
    const row = this.#select.get(batchNumber);
    if (row === undefined) throw new MusterError("notFound", `batch ${batchNumber} is not in ${this.#path}`);
    return row["bytes"] as Uint8Array;
  }

  remove(batchNumbers: readonly number[]): void {
    this.#transaction(() => {
      for (const batchNumber of batchNumbers) this.#delete.run(batchNumber);
    });
  }

  close(): void {
    this.#database.close();
  }

  #transaction(work: () => void): void {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      work();
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw this.#explain(error);
    }
  }

  #explain(error: unknown): MusterError {
    const { errcode, message } = error as { errcode?: number; message: string };
    if (errcode !== undefined && FULL_CODES.has(errcode & 0xff)) {
      return new MusterError("noSpace", `the agent's spool ${this.#path} cannot be written: ${message}`, {
        wayOut: "Free some space on its disk; the agent goes on by itself.",
        cause: error,
      });
    }
    return new MusterError("badData", `the agent's spool ${this.#path} cannot be used: ${message}`, {
      wayOut: "Responses in it that the coordinator has not got are computed again if you move the file away.",
      cause: error,
    });
  }
}
