import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { MusterError } from "../../../base/muster-error.ts";
import type { Spool } from "../../ports/spool.ts";
import { moveAside } from "../../../base/node/move-aside.ts";

/** Primary result codes of SQLite (sqlite.org/rescode.html), and one extended one. */
const [ERROR, READONLY, IOERR, CORRUPT, FULL, CONSTRAINT, MISMATCH, NOTADB] = [1, 8, 10, 11, 13, 19, 20, 26];
const IOERR_SHORT_READ = 522;
const BROKEN_CODES = new Set([ERROR, CORRUPT, CONSTRAINT, MISMATCH, NOTADB]);

/** The spool in its folder. */
export const FILE_NAME = "spool.sqlite";
/** Where versions before 0.2 kept the agent's identity; still written, for people and for them. */
export const IDENTITY_FILE = "agent-id";
/** Numbers set apart at each start. */
const NUMBERS_A_START = 2 ** 20;
/** Damaged batches that are kept to be looked at. */
const DAMAGED_MAX = 100;

/** What a spool says of itself. */
interface About {
  readonly agent: string;
  /** No number up to this one is given out after the next start. */
  readonly reserved: number;
  /** Batches up to this one were written by a version that knew no checksums. */
  readonly unchecked: number;
}

/**
 * The spool as one SQLite file (WAL, `synchronous=FULL`). A torn write is rolled back by the library; each batch carries a
 * CRC-32 of its number and bytes, checked when it is read. The file names the agent whose batches it holds, so that
 * identity and numbers are lost together or not at all. Each start sets numbers apart before it gives any out: even where a disk
 * loses the end of the log, none is given out twice. Used by one thread; a commit takes about a millisecond and covers
 * all batches that were closed in one turn of the loop.
 */
export class SqliteSpool implements Spool {
  readonly #folder: string;
  readonly #path: string;
  #database: DatabaseSync;
  #about: About;
  #nextNumber: number;

  /**
   * Opens the spool of a folder; where there is none, makes one for an agent of this id. Throws `badData` where the file
   * is damaged, and changes nothing then.
   */
  constructor(folder: string, newAgentId = "agent") {
    this.#folder = folder;
    this.#path = join(folder, FILE_NAME);
    let database: DatabaseSync | null = null;
    try {
      database = new DatabaseSync(this.#path);
      this.#database = database;
      this.#about = this.#open(newAgentId);
      this.#nextNumber = this.#about.reserved + 1;
      this.#reserve(this.#about.reserved + NUMBERS_A_START);
    } catch (error) {
      database?.close();
      throw this.#explain(error);
    }
  }

  /** Whose batches these are. */
  get agentId(): string {
    return this.#about.agent;
  }

  numbers(): readonly number[] {
    const rows = this.#attempt(() => this.#database.prepare("SELECT number FROM batch ORDER BY number").all());
    return rows.map((row) => Number(row["number"]));
  }

  bytes(): number {
    return Number(this.#database.prepare("SELECT sum(length(bytes)) AS sum FROM batch").get()!["sum"] ?? 0);
  }

  nextNumber(): number {
    return this.#nextNumber;
  }

  put(batches: readonly { readonly batchNumber: number; readonly bytes: Uint8Array }[]): void {
    this.#transaction(() => {
      const insert = this.#database.prepare("INSERT INTO batch (number, bytes, crc) VALUES (?, ?, ?)");
      for (const { batchNumber, bytes } of batches) insert.run(batchNumber, bytes, checksum(batchNumber, bytes));
    });
    const highest = batches.reduce((most, { batchNumber }) => Math.max(most, batchNumber), this.#nextNumber - 1);
    this.#nextNumber = highest + 1;
    if (highest > this.#about.reserved) this.#reserve(highest + NUMBERS_A_START);
  }

  get(batchNumber: number): Uint8Array {
    const row = this.#attempt(() =>
      this.#database.prepare("SELECT bytes, crc FROM batch WHERE number = ?").get(batchNumber),
    );
    if (row === undefined) throw new MusterError("notFound", `batch ${batchNumber} is not in ${this.#path}`);
    const { bytes, crc } = row as { bytes: unknown; crc: unknown };
    const isOld = crc === null && batchNumber <= this.#about.unchecked;
    if (bytes instanceof Uint8Array && (isOld || crc === checksum(batchNumber, bytes))) return bytes;
    throw new MusterError("badData", `batch ${batchNumber} in ${this.#path} is damaged: it does not have its checksum`);
  }

  remove(batchNumbers: readonly number[]): void {
    this.#transaction(() => {
      const remove = this.#database.prepare("DELETE FROM batch WHERE number = ?");
      for (const batchNumber of batchNumbers) remove.run(batchNumber);
    });
  }

  setAside(batchNumber: number): void {
    this.#transaction(() => {
      this.#database
        .prepare("INSERT OR REPLACE INTO damaged SELECT number, bytes, crc FROM batch WHERE number = ?")
        .run(batchNumber);
      this.#database.prepare("DELETE FROM batch WHERE number = ?").run(batchNumber);
      this.#database.exec(
        `DELETE FROM damaged WHERE number NOT IN (SELECT number FROM damaged ORDER BY number DESC LIMIT ${DAMAGED_MAX})`,
      );
    });
  }

  startOver(): string {
    const { agent, reserved } = this.#about;
    this.close();
    const name = moveAside(this.#path);
    try {
      this.#database = new DatabaseSync(this.#path);
      this.#about = this.#open(agent);
      this.#reserve(reserved);
    } catch (error) {
      throw this.#explain(error);
    }
    return name;
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  /** Checks the file's structure, and makes or completes its tables. */
  #open(newAgentId: string): About {
    const database = this.#database;
    database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=8388608;");
    const verdict = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {})[0];
    if (verdict !== "ok")
      throw this.#damaged(
        String(verdict)
          .replaceAll(/[\s*]+/g, " ")
          .trim(),
      );
    const tables = new Set(
      database
        .prepare("SELECT name FROM sqlite_schema")
        .all()
        .map((row) => row["name"]),
    );
    if (!tables.has("about")) this.#makeTables(newAgentId, tables.has("batch"));
    const about = database.prepare("SELECT agent, reserved, unchecked, crc FROM about WHERE id = 1").get();
    const { agent, reserved, unchecked, crc } = (about ?? {}) as unknown as About & { crc: number };
    const found = { agent, reserved, unchecked };
    if (crc !== checksumOf(found)) throw this.#damaged("it does not say whose it is");
    this.numbers();
    return found;
  }

  #makeTables(newAgentId: string, hasBatches: boolean): void {
    this.#transaction(() => {
      let about = { agent: newAgentId, reserved: 0, unchecked: 0 };
      if (hasBatches) {
        const sequence = this.#database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'batch'").get();
        const highest = Math.max(Number(sequence?.["seq"] ?? 0), ...this.numbers());
        about = { agent: this.#earlierIdentity() ?? newAgentId, reserved: highest, unchecked: highest };
        this.#database.exec("ALTER TABLE batch ADD COLUMN crc INTEGER");
      }
      this.#database.exec(
        "CREATE TABLE IF NOT EXISTS batch (number INTEGER PRIMARY KEY AUTOINCREMENT, bytes BLOB NOT NULL, crc INTEGER);" +
          "CREATE TABLE damaged (number INTEGER PRIMARY KEY, bytes BLOB, crc INTEGER);" +
          "CREATE TABLE about (id INTEGER PRIMARY KEY, agent TEXT, reserved INTEGER, unchecked INTEGER, crc INTEGER)",
      );
      this.#writeAbout(about);
    });
  }

  #earlierIdentity(): string | null {
    const file = join(this.#folder, IDENTITY_FILE);
    return (existsSync(file) && readFileSync(file, "utf8").trim()) || null;
  }

  /** Out of the log and into the file itself, which loses no tail. */
  #reserve(reserved: number): void {
    const about = { ...this.#about, reserved };
    this.#transaction(() => this.#writeAbout(about));
    this.#attempt(() => this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
    this.#about = about;
  }

  #writeAbout(about: About): void {
    this.#database
      .prepare("INSERT OR REPLACE INTO about VALUES (1, ?, ?, ?, ?)")
      .run(about.agent, about.reserved, about.unchecked, checksumOf(about));
  }

  #transaction(work: () => void): void {
    this.#attempt(() => {
      try {
        this.#database.exec("BEGIN IMMEDIATE");
        work();
        this.#database.exec("COMMIT");
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  #attempt<Value>(work: () => Value): Value {
    try {
      return work();
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #damaged(how: string): MusterError {
    return new MusterError("badData", `the agent's spool ${this.#path} is damaged: ${how}`);
  }

  #explain(error: unknown): MusterError {
    if (error instanceof MusterError) return error;
    const { errcode = 0, code: reason, message } = error as { errcode?: number; code?: string; message: string };
    const code = errcode & 0xff;
    if (errcode !== IOERR_SHORT_READ && (code === FULL || code === IOERR)) {
      return new MusterError("noSpace", `the agent's spool ${this.#path} cannot be written: ${message}`, {
        wayOut: "Free some space on its disk; the agent goes on by itself.",
        cause: error,
      });
    }
    // The last: a number that no spool ever wrote.
    const isBroken = BROKEN_CODES.has(code) || errcode === IOERR_SHORT_READ || reason === "ERR_OUT_OF_RANGE";
    // A flipped bit can make a file say of itself that it is not to be written.
    const isDamaged = isBroken || (code === READONLY && isWritable(this.#path));
    return new MusterError(
      isDamaged ? "badData" : "permission",
      `the agent's spool ${this.#path} cannot be used: ${message}`,
      { cause: error },
    );
  }
}

function checksum(batchNumber: number, bytes: Uint8Array): number {
  return crc32(bytes, crc32(String(batchNumber)));
}

function checksumOf({ agent, reserved, unchecked }: About): number {
  return crc32(JSON.stringify([agent, reserved, unchecked]));
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
