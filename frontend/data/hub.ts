// The Hugging Face hub: every public data set there has Parquet files, listed by configuration and split.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { EnvHttpProxyAgent, request } from "undici";
import { z } from "zod";
import { MusterError } from "../../base/muster-error.ts";
import { fetchFile } from "../../base/node/fetch-file.ts";
import type { DatasetName, LoaderOptions } from "./dataset-loader.ts";
import type { SplitFiles } from "./dataset-map.ts";

const PUBLIC_HUB = "https://huggingface.co";
const LISTING_TIMEOUT_MS = 30_000;

const listingSchema = z.record(z.string(), z.record(z.string(), z.array(z.url())));

/**
 * The Parquet files of a data set, fetched into the cache. HF_ENDPOINT names another hub, HF_TOKEN logs in. Throws
 * `notFound`, `permission`, `connection`, each with the way out.
 */
export async function findHubFiles(dataset: DatasetName, options: LoaderOptions): Promise<SplitFiles> {
  const endpoint = (process.env["HF_ENDPOINT"] || PUBLIC_HUB).replace(/\/+$/, "");
  const listing = await list(endpoint, dataset);
  const names = Object.keys(listing);
  const wanted = dataset.name ?? (names.length === 1 ? names[0]! : "default");
  const splits = listing[wanted];
  if (splits === undefined) {
    throw new MusterError("notFound", `the data set ${dataset.path} has no configuration ${wanted}`, {
      wayOut: `It has: ${names.join(", ")}.`,
    });
  }
  const files = new Map<string, readonly string[]>();
  for (const [split, urls] of Object.entries(splits)) {
    const paths: string[] = [];
    for (const [position, url] of urls.entries()) {
      const subject = `${dataset.path} ${split} ${position + 1}/${urls.length}`;
      paths.push(await fetchOnce(url, subject, options));
    }
    files.set(split, paths);
  }
  return files;
}

async function fetchOnce(url: string, subject: string, options: LoaderOptions): Promise<string> {
  const key = createHash("sha256").update(url).digest("hex").slice(0, 24);
  const target = join(options.cacheFolder, "datasets", `${key}.parquet`);
  if (existsSync(target)) return target;
  const signal = new AbortController().signal;
  await fetchFile({ subject, url, target, sha256: null, headers: login(), onProgress: options.onProgress, signal });
  return target;
}

async function list(endpoint: string, { path }: DatasetName): Promise<z.infer<typeof listingSchema>> {
  const url = `${endpoint}/api/datasets/${path}/parquet`;
  const { statusCode, text } = await get(url, endpoint, path);
  if (statusCode === 401 || statusCode === 403) {
    throw new MusterError("permission", `the hub lets nobody read ${path} without a login (HTTP ${statusCode})`, {
      wayOut: "Set HF_TOKEN, ask for access on the data set's page, or give local files with --dataset-map.",
    });
  }
  if (statusCode === 404) {
    throw new MusterError("notFound", `the hub at ${endpoint} has no data set ${path}, or no Parquet files of it`, {
      wayOut: "Give local files with --dataset-map.",
    });
  }
  try {
    if (statusCode === 200) return listingSchema.parse(JSON.parse(text));
  } catch {
    throw unreachable(endpoint, path, "what it answered is no list of Parquet files");
  }
  throw unreachable(endpoint, path, `it answered HTTP ${statusCode}`);
}

async function get(url: string, endpoint: string, path: string): Promise<{ statusCode: number; text: string }> {
  try {
    const dispatcher = new EnvHttpProxyAgent();
    const signal = AbortSignal.timeout(LISTING_TIMEOUT_MS);
    const reply = await request(url, { dispatcher, signal, headers: login() });
    return { statusCode: reply.statusCode, text: await reply.body.text() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw unreachable(endpoint, path, code ?? message);
  }
}

function unreachable(endpoint: string, path: string, why: string): MusterError {
  return new MusterError(
    "connection",
    `the data set ${path} is not here, and the hub at ${endpoint} cannot be used: ${why}`,
    {
      wayOut: "Give local files with --dataset-map, or another hub with HF_ENDPOINT.",
    },
  );
}

function login(): Record<string, string> {
  const token = process.env["HF_TOKEN"];
  return token ? { authorization: `Bearer ${token}` } : {};
}
