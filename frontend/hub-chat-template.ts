// The chat template of a model on the hub: what its tokenizer says of it, and no weights.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MusterError } from "../base/muster-error.ts";
import { withDownloadLock } from "../base/node/download-lock.ts";
import { fetchFile } from "../base/node/fetch-file.ts";
import { isIntact } from "./data/hub-file.ts";
import { hubEndpoint, type HubListing, hubLogin, listHub } from "./data/hub-listing.ts";

/** Files that a template is read from (`readChatTemplate`). */
const FILES = ["chat_template.jinja", "tokenizer_config.json"];

/** Where fetched files go, and who hears of it. */
export interface FetchTemplateOptions {
  readonly cacheFolder: string;
  readonly onNote: (note: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Fetches the template's files at the commit that the revision names now; the folder that holds them. The cache stands in
 * where the hub cannot be reached. Throws `notFound`, `permission` and `connection`, with the way out.
 */
export async function fetchChatTemplate(
  repository: string,
  revision: string,
  { cacheFolder, onNote, signal }: FetchTemplateOptions,
): Promise<string> {
  const folder = join(cacheFolder, "models-on-hub", `${repository.replace("/", "--")}-${shortDigest(repository)}`);
  const listing = await listHub(repository, revision, { what: "model", folder, onNote });
  const wanted = listing?.siblings.filter(({ rfilename }) => FILES.includes(rfilename)) ?? [];
  if (listing === null || wanted.length === 0) {
    const missing = listing === null ? `the hub has no model ${repository} at the revision ${revision}` : null;
    throw new MusterError(
      "notFound",
      missing ?? `the model ${repository} on the hub has no tokenizer, and so no template`,
      {
        wayOut: "Name a model's repository, a Jinja file or a model's folder; `messages` leaves it to the server.",
      },
    );
  }
  const place = join(folder, listing.sha);
  await withDownloadLock(cacheFolder, signal, async () => {
    for (const sibling of wanted) await fetchOnce({ repository, listing, place, signal }, sibling);
  });
  return place;
}

async function fetchOnce(
  from: {
    readonly repository: string;
    readonly listing: HubListing;
    readonly place: string;
    readonly signal: AbortSignal;
  },
  sibling: HubListing["siblings"][number],
): Promise<void> {
  const { repository, listing, place, signal } = from;
  const target = join(place, sibling.rfilename);
  if (existsSync(target) && isIntact(readFileSync(target), sibling)) return;
  rmSync(target, { force: true });
  await fetchFile({
    subject: `${sibling.rfilename} of the model ${repository}`,
    url: `${hubEndpoint()}/${repository}/resolve/${listing.sha}/${sibling.rfilename}`,
    target,
    sha256: sibling.lfs?.sha256 ?? null,
    headers: hubLogin(),
    onProgress: () => undefined,
    signal,
  });
}

function shortDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
