// What the Hugging Face hub says of a repository, of a data set or a model, at a revision: the commit and its files. The answer is kept
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

/** A repository on the hub, for sentences and addresses. */
interface Asked {
  readonly what: "data set" | "model";
  readonly repository: string;
}

/** Where answers are kept, and who is told what a person should know. */
export interface ListingOptions {
  /** A data set where it is not said. */
  readonly what?: "model";
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
  { what, folder, onNote }: ListingOptions,
): Promise<HubListing | null> {
  const asked: Asked = { what: what ?? "data set", repository };
  const memory = memoryOf(folder, revision);
  const isOffline = isHubOffline();
  let text: string | null;
  try {
    if (isOffline) throw offline(asked);
    text = await ask(asked, revision);
  } catch (error) {
    const { kind, cause } = MusterError.from(error);
    const known = kind === "connection" ? recallListing(folder, revision) : undefined;
    if (known === undefined) throw error;
    if (!isOffline && known !== null) onNote(fromCache(asked, known, cause));
    return known;
  }
  const listing = text === null ? null : parseListing(text, asked);
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

function fromCache({ what, repository }: Asked, { sha }: HubListing, cause: unknown): string {
  const why =
    cause instanceof Error ? ` (${cause.message || (cause as NodeJS.ErrnoException).code || "no answer"})` : "";
  return (
    `The hub at ${hubEndpoint()} cannot be used${why}: ` +
    `the ${what} ${repository} is the one in the cache, at the commit ${sha.slice(0, 12)}.`
  );
}

function parseListing(text: string, asked: Asked): HubListing {
  try {
    return listingSchema.parse(JSON.parse(text));
  } catch (error) {
    throw unreachable(asked, "it answered something else than a list of files", error);
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

async function ask(asked: Asked, revision: string): Promise<string | null> {
  const { what, repository } = asked;
  const kind = what === "model" ? "models" : "datasets";
  const url = `${hubEndpoint()}/api/${kind}/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
  for (let attempt = 1; ; attempt++) {
    const { status, text } = await follow(new URL(url), asked);
    if (status === 200) return text;
    if (status === 404) return null;
    if (status === 401 || status === 403) throw refused(asked, status);
    if ((status < 500 && status !== 429) || attempt === ATTEMPTS) throw unreachable(asked, `it answered ${status}`);
    await sleep(FIRST_PAUSE_MS * 2 ** attempt);
  }
}

interface HubAnswer {
  readonly status: number;
  readonly text: string;
  readonly location: string | null;
}

/** Repositories that have moved are found where they are now; the token goes to the hub only. */
async function follow(first: URL, asked: Asked): Promise<HubAnswer> {
  let url = first;
  for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
    const answer = await get(url, asked, url.host === first.host ? hubLogin() : {});
    if (answer.status < 300 || answer.status > 399 || answer.location === null) return answer;
    url = new URL(answer.location, url);
    url.searchParams.set("blobs", "true");
  }
  throw unreachable(asked, `it sent on more than ${REDIRECTS_MAX} times`);
}

async function get(url: URL, asked: Asked, headers: Record<string, string>, isFirst = true): Promise<HubAnswer> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const reply = await request(url, { dispatcher: webAgent(), signal, headers });
    const { location } = reply.headers;
    const text = await reply.body.text();
    return { status: reply.statusCode, text, location: typeof location === "string" ? location : null };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A connection that was kept open and that the hub has closed meanwhile.
    if (isFirst && (code === "ECONNRESET" || code === "UND_ERR_SOCKET")) return get(url, asked, headers, false);
    throw unreachable(asked, message || (code ?? "no answer"), error);
  }
}

function refused({ what, repository }: Asked, status: number): MusterError {
  const problem = process.env["HF_TOKEN"] ? "not with this HF_TOKEN" : "not without a login";
  return new MusterError(
    "permission",
    `the hub does not show the ${what} ${repository}, ${problem} (HTTP status ${status})`,
    {
      wayOut:
        "Check its name. If it is private or gated, ask for access on its page and set HF_TOKEN; or give files with --dataset-map.",
    },
  );
}

function offline(asked: Asked): MusterError {
  return unreachable(asked, "HF_HUB_OFFLINE is set");
}

function unreachable({ what, repository }: Asked, why: string, cause?: unknown): MusterError {
  const problem = `the ${what} ${repository} is not here, and the hub at ${hubEndpoint()} cannot be used: ${why}`;
  return new MusterError("connection", problem, {
    wayOut:
      what === "model"
        ? "Give a local file or folder, or another hub with HF_ENDPOINT."
        : "Give local files with --dataset-map, or another hub with HF_ENDPOINT.",
    cause,
  });
}
