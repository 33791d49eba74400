import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { request } from "undici";
import { isDiskFull } from "./disk-full.ts";
import { makeFolder } from "./make-folder.ts";
import { MusterError } from "../muster-error.ts";
import { webAgent } from "./web-agent.ts";

/** How far a download is. */
export interface DownloadProgress {
  /** What is being fetched, for people. */
  readonly subject: string;
  readonly doneBytes: number;
  /** 0 where it is not known. */
  readonly totalBytes: number;
}

/** What to fetch, and where it goes. */
export interface FetchWish {
  readonly subject: string;
  /** `https:`, `http:` or `file:`. */
  readonly url: string;
  readonly target: string;
  /** Hex; null where it is not known beforehand. */
  readonly sha256: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly onProgress: (progress: DownloadProgress) => void;
  readonly signal: AbortSignal;
}

/** What to fetch a part of. */
export type RangeWish = Omit<FetchWish, "target" | "sha256" | "onProgress">;

const REDIRECTS_MAX = 5;
/** Tries in a row that bring nothing. */
const ATTEMPTS_MAX = 4;
const FIRST_PAUSE_MS = 500;
/** Kept free on a disk that a download goes to. */
const SPARE_BYTES = 64 * 2 ** 20;

/**
 * Fetches a file and returns its hex SHA-256. What an earlier try left is gone on with; the target appears only whole
 * and with the right digest. One process at a time may fetch a target. Throws `connection`, `notFound`, `permission`,
 * `noSpace`, `badData` (a wrong digest), `interrupted`.
 */
export async function fetchFile(wish: FetchWish): Promise<string> {
  const partial = `${wish.target}.partial`;
  makeFolder(dirname(wish.target));
  for (;;) {
    const wasResumed = sizeOf(partial) > 0;
    await downloadStubbornly(wish, partial);
    const digest = await digestFile(partial);
    if (wish.sha256 === null || digest === wish.sha256) {
      renameSync(partial, wish.target);
      return digest;
    }
    rmSync(partial, { force: true });
    // The first part may be of an older file: once more, from the beginning.
    if (wasResumed) continue;
    throw new MusterError(
      "badData",
      `${wish.subject} has the digest ${digest.slice(0, 12)}…, not ${wish.sha256.slice(0, 12)}…`,
      { wayOut: "What was fetched is thrown away. Try again; if it stays so, the source has changed: do not use it." },
    );
  }
}

async function downloadStubbornly(wish: FetchWish, partial: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const before = sizeOf(partial);
    try {
      return await download(wish, partial);
    } catch (thrown) {
      const error = explain(wish, thrown);
      if (sizeOf(partial) > before) attempt = 0;
      if (error.kind !== "connection" || attempt >= ATTEMPTS_MAX) throw error;
      await pause(wish, FIRST_PAUSE_MS * 2 ** attempt);
    }
  }
}

async function pause(wish: RangeWish, milliseconds: number): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal: wish.signal });
  } catch (error) {
    throw explain(wish, error);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Hex SHA-256 of a file. */
export async function digestFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(file, { highWaterMark: 2 ** 20 })) hash.update(bytes as Buffer);
  return hash.digest("hex");
}

async function download(wish: FetchWish, partial: string): Promise<void> {
  const url = new URL(wish.url);
  const have = sizeOf(partial);
  if (url.protocol === "file:") {
    const source = fileURLToPath(url);
    await store(wish, createReadStream(source), { partial, from: 0, total: statSync(source).size });
    return;
  }
  const { statusCode, headers, body } = await get(wish, url, have);
  if (statusCode === 416 && have > 0) {
    await body.dump();
    if (headers["content-range"] === `bytes */${have}`) return;
    rmSync(partial, { force: true });
    throw new MusterError("connection", `${url.host} cannot go on with ${wish.subject}`);
  }
  if (statusCode !== 200 && statusCode !== 206) {
    await body.dump();
    throw httpError(wish, statusCode);
  }
  const from = statusCode === 206 ? have : 0;
  const length = Number(headers["content-length"] ?? 0);
  await store(wish, body, { partial, from, total: length > 0 ? from + length : 0 });
}

/** The bytes of a file from an offset to its end. Throws as `fetchFile` does. */
export async function fetchFrom(wish: RangeWish, offset: number): Promise<Buffer> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { statusCode, body } = await get(wish, new URL(wish.url), offset);
      if (statusCode === 200 || statusCode === 206) {
        const bytes = Buffer.from(await body.arrayBuffer());
        // Servers may send the whole instead.
        return statusCode === 200 ? bytes.subarray(offset) : bytes;
      }
      await body.dump();
      throw httpError(wish, statusCode);
    } catch (thrown) {
      const error = explain(wish, thrown);
      if (error.kind !== "connection" || attempt >= ATTEMPTS_MAX) throw error;
      await pause(wish, FIRST_PAUSE_MS * 2 ** attempt);
    }
  }
}

async function get(wish: RangeWish, first: URL, have: number): Promise<Awaited<ReturnType<typeof request>>> {
  let url = first;
  for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
    // A token is for the host that it was meant for, not for where that one sends us.
    const own = url.host === first.host ? (wish.headers ?? {}) : {};
    const range = have > 0 ? { range: `bytes=${have}-` } : {};
    const reply = await request(url, {
      dispatcher: webAgent(),
      signal: wish.signal,
      // What is packed on the way has no size and cannot be gone on with.
      headers: { ...own, ...range, "accept-encoding": "identity" },
    });
    const location = reply.headers["location"];
    if (reply.statusCode < 300 || reply.statusCode > 399 || typeof location !== "string") return reply;
    await reply.body.dump();
    url = new URL(location, url);
  }
  throw new MusterError("connection", `${wish.subject}: more than ${REDIRECTS_MAX} redirections`);
}

async function store(
  wish: FetchWish,
  body: Readable,
  { partial, from, total }: { readonly partial: string; readonly from: number; readonly total: number },
): Promise<void> {
  checkSpace(wish, dirname(partial), total - from);
  const file = openSync(partial, from > 0 ? "r+" : "w", 0o600);
  let done = from;
  // A stream that breaks forgets what nobody has read yet: each piece is written in the moment it comes.
  const keep = (bytes: Buffer): void => {
    for (let offset = 0; offset < bytes.length;) {
      const written = writeSync(file, bytes, offset, bytes.length - offset, done);
      offset += written;
      done += written;
    }
    wish.onProgress({ subject: wish.subject, doneBytes: done, totalBytes: total });
  };
  try {
    await new Promise<void>((resolve, reject) => {
      addAbortSignal(wish.signal, body).on("end", resolve).on("error", reject);
      body.on("data", (bytes: Buffer) => {
        try {
          keep(bytes);
        } catch (error) {
          body.destroy(error as Error);
        }
      });
    });
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (total > 0 && done < total)
    throw new MusterError("connection", `${wish.subject} broke off at ${done} of ${total} bytes`);
}

function checkSpace({ subject }: FetchWish, folder: string, missing: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (missing <= 0 || free >= missing + SPARE_BYTES) return;
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
  throw new MusterError(
    "noSpace",
    `${subject} needs ${megabytes(missing)} in ${folder}, which has ${megabytes(free)} left`,
    {
      wayOut: "Free some space, or put the cache elsewhere: XDG_CACHE_HOME=/big/disk.",
    },
  );
}

function httpError({ subject, url }: RangeWish, statusCode: number): MusterError {
  const { host } = new URL(url);
  if (statusCode === 401 || statusCode === 403) {
    return new MusterError("permission", `${host} refuses ${subject} (HTTP ${statusCode})`, {
      wayOut: "If it needs a login, set HF_TOKEN (for the hub) or your index's credentials.",
    });
  }
  if (statusCode === 404) return new MusterError("notFound", `${host} has no ${subject}`);
  const kind = statusCode >= 500 || statusCode === 429 ? "connection" : "badData";
  return new MusterError(kind, `${host} answered HTTP ${statusCode} for ${subject}`);
}

function explain(
  { subject, url, signal, ...rest }: RangeWish & { readonly target?: string },
  thrown: unknown,
): MusterError {
  if (thrown instanceof MusterError) return thrown;
  const { code, message } = thrown as NodeJS.ErrnoException;
  if (signal.aborted) return new MusterError("interrupted", `fetching ${subject} was stopped; it goes on where it was`);
  if (isDiskFull(thrown)) {
    return new MusterError(
      "noSpace",
      `the disk of ${rest.target} is full; ${subject} goes on where it was once there is room`,
    );
  }
  return new MusterError(
    "connection",
    `cannot fetch ${subject} from ${new URL(url).host || "the disk"}: ${message || code}`,
    {
      wayOut: "Check the network and HTTPS_PROXY; what has arrived is kept.",
      cause: thrown,
    },
  );
}
