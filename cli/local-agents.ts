import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { MusterError } from "../base/muster-error.ts";
import type { Options } from "./options.ts";

/** The engine that the options mean. */
export function engineOf({ engine, engineUrls }: Options): string {
  return engine ?? (engineUrls.length > 0 ? "openai" : "llama.cpp");
}

/**
 * For each local agent, the words of its command: which engine, which servers, which model. Servers are dealt out to the
 * agents; the cores of this machine are divided among agents that compute on them. Throws `usage` for what cannot be.
 */
export function localAgentWords(options: Options): string[][] {
  const engine = engineOf(options);
  const { engineUrls, localAgents } = options;
  if (engine === "llama.cpp" && options.model === undefined) {
    throw new MusterError("usage", "nothing says which model to run", {
      wayOut:
        "Give --model NAME (`muster models` lists the catalogue), --engine-url URL of a server, or --coordinator HOST:PORT of a cluster.",
    });
  }
  const shared = ["--engine", engine, ...optional("--model", modelWord(options.model))];
  shared.push(...optional("--concurrency", options.concurrency), ...optional("--simulation", options.simulation));
  if (engineUrls.length > 0) shared.push("--engine-api", options.engineApi);
  shared.push(...optional("--think-end", options.thinkEnd), "--thinking-tokens", String(options.thinkingTokens));
  shared.push("--price-per-hour", String(options.pricePerHour));
  const threads = options.threads ?? (engine === "llama.cpp" ? threadsEach(localAgents) : undefined);
  shared.push(...optional("--threads", threads));
  return Array.from({ length: localAgents }, (_, position) => [
    ...shared,
    ...urlsOf(engineUrls, position, localAgents).flatMap((url) => ["--engine-url", url]),
  ]);
}

/** Two processes with two threads each on two cores are three times slower than with one each. */
function threadsEach(agents: number): number {
  return Math.max(1, Math.floor(availableParallelism() / agents));
}

function urlsOf(urls: readonly string[], position: number, agents: number): readonly string[] {
  if (urls.length < agents) return urls.length === 0 ? [] : [urls[position % urls.length]!];
  return urls.filter((_, index) => index % agents === position);
}

/** A model's file is found again when the run is taken up from another folder. */
function modelWord(model: string | undefined): string | undefined {
  return model !== undefined && existsSync(model) ? resolve(model) : model;
}

function optional(flag: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [flag, String(value)];
}
