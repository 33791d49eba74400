// What the Hugging Face hub says of a data set's repository at a revision: the commit and its files. The answer is kept
// in the cache, so that a run can be repeated without the hub.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { z } from "zod";
import { makeFolder } from "../../base/node/make-folder.ts";
import { MusterError } from "../../base/muster-error.ts";
import { webAgent } from "../../base/node/web-agent.ts";

const PUBLIC_HUB = "https://huggingface.co";
const TIMEOUT_MS = 30_000;
const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 500;
const REDIRECTS_MAX = 5;

const listingSchema = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  siblings: z.array(
    z.object({
      rfilename: z.string(),
      size: z.number().optional(),
      blobId: z.string().optional(),
      lfs: z.object({ sha256: z.string() }).nullish(),
    }),
  ),
});

/** A repository at one commit. */
export type HubListing = z.infer<typeof listingSchema>;

/** The hub's address. HF_ENDPOINT names another one. */
export function hubEndpoint(): string {
  return (process.env["HF_ENDPOINT"] || PUBLIC_HUB).replace(/\/+$/, "");
}

/** Whether HF_HUB_OFFLINE says that the hub must not be asked. */
export function isHubOffline(): boolean {
  return /^(?:1|true|yes|on)$/i.test(process.env["HF_HUB_OFFLINE"] ?? "");
}

/** What tells the hub who asks, from HF_TOKEN. */
export function hubLogin(): Record<string, string> {
  const token = process.env["HF_TOKEN"];
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** Where answers are kept, and who is told what a person should know. */
export interface ListingOptions {
  /** The repository's folder in the cache. */
  readonly folder: string;
  readonly onNote: (note: string) => void;
}

/**
 * Asks the hub; null where there is no such repository or revision. Where the hub cannot be reached, or HF_HUB_OFFLINE
 * is set, its last answer counts. Throws `permission` and `connection`.
 */
export async function listHub(
  repository: string,
  revision: string,
  { folder, onNote }: ListingOptions,
): Promise<HubListing | null> {
  const memory = memoryOf(folder, revision);
  const isOffline = isHubOffline();
  let text: string | null;
  try {
    if (isOffline) throw offline(repository);
    text = await ask(repository, revision);
  } catch (error) {
    const { kind, cause } = MusterError.from(error);
    const known = kind === "connection" ? recallListing(folder, revision) : undefined;
    if (known === undefined) throw error;
    if (!isOffline && known !== null) onNote(fromCache(repository, known, cause));
    return known;
  }
  const listing = text === null ? null : parseListing(text, repository);
  // What the hub said before it lost the revision can still be of use.
  if (listing === null && recallListing(folder, revision)) return null;
  makeFolder(dirname(memory));
  const partial = `${memory}.${process.pid}`;
  writeFileSync(partial, JSON.stringify(listing));
  renameSync(partial, memory);
  return listing;
}

function memoryOf(folder: string, revision: string): string {
  return join(folder, "listings", `${encodeURIComponent(revision)}.json`);
}

function fromCache(repository: string, { sha }: HubListing, cause: unknown): string {
  const why =
    cause instanceof Error ? ` (${cause.message || (cause as NodeJS.ErrnoException).code || "no answer"})` : "";
  return (
    `The hub at ${hubEndpoint()} cannot be used${why}: ` +
    `the data set ${repository} is the one in the cache, at the commit ${sha.slice(0, 12)}.`
  );
}

function parseListing(text: string, repository: string): HubListing {
  try {
    return listingSchema.parse(JSON.parse(text));
  } catch (error) {
    throw unreachable(repository, "it answered something else than a list of files", error);
  }
}

/** The hub's last answer, which may be that there is nothing; undefined where there was none. */
export function recallListing(folder: string, revision: string): HubListing | null | undefined {
  try {
    return listingSchema.nullable().parse(JSON.parse(readFileSync(memoryOf(folder, revision), "utf8")));
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (isMissing || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

async function ask(repository: string, revision: string): Promise<string | null> {
  const url = `${hubEndpoint()}/api/datasets/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
  for (let attempt = 1; ; attempt++) {
    const { status, text } = await follow(new URL(url), repository);
    if (status === 200) return text;
    if (status === 404) return null;
    if (status === 401 || status === 403) throw refused(repository, status);
    if ((status < 500 && status !== 429) || attempt === ATTEMPTS)
      throw unreachable(repository, `it answered ${status}`);
    await sleep(FIRST_PAUSE_MS * 2 ** attempt);
  }
}

interface HubAnswer {
  readonly status: number;
  readonly text: string;
  readonly location: string | null;
}

/** Data sets that have moved are found where they are now; the token goes to the hub only. */
async function follow(first: URL, repository: string): Promise<HubAnswer> {
  let url = first;
  for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
    const answer = await get(url, repository, url.host === first.host ? hubLogin() : {});
    if (answer.status < 300 || answer.status > 399 || answer.location === null) return answer;
    url = new URL(answer.location, url);
    url.searchParams.set("blobs", "true");
  }
  throw unreachable(repository, `it sent on more than ${REDIRECTS_MAX} times`);
}

async function get(url: URL, repository: string, headers: Record<string, string>, isFirst = true): Promise<HubAnswer> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const reply = await request(url, { dispatcher: webAgent(), signal, headers });
    const { location } = reply.headers;
    const text = await reply.body.text();
    return { status: reply.statusCode, text, location: typeof location === "string" ? location : null };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A connection that was kept open and that the hub has closed meanwhile.
    if (isFirst && (code === "ECONNRESET" || code === "UND_ERR_SOCKET")) return get(url, repository, headers, false);
    throw unreachable(repository, message || (code ?? "no answer"), error);
  }
}

function refused(repository: string, status: number): MusterError {
  const problem = process.env["HF_TOKEN"] ? "not with this HF_TOKEN" : "not without a login";
  return new MusterError(
    "permission",
    `the hub does not show the data set ${repository}, ${problem} (HTTP status ${status})`,
    {
      wayOut:
        "Check its name. If it is private or gated, ask for access on its page and set HF_TOKEN; or give files with --dataset-map.",
    },
  );
}

function offline(repository: string): MusterError {
  return unreachable(repository, "HF_HUB_OFFLINE is set");
}

function unreachable(repository: string, why: string, cause?: unknown): MusterError {
  const problem = `the data set ${repository} is not here, and the hub at ${hubEndpoint()} cannot be used: ${why}`;
  return new MusterError("connection", problem, {
    wayOut: "Give local files with --dataset-map, or another hub with HF_ENDPOINT.",
    cause,
  });
}
