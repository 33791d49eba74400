import { existsSync } from "node:fs";
import { cacheFolder } from "../base/node/folders.ts";
import { fetchChatTemplate } from "../frontend/hub-chat-template.ts";
import type { Options } from "./options.ts";
import { StatusLine } from "./status-line.ts";

/** `org/name`, with a revision or without. */
const ON_HUB = /^([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/;

/** The options with a chat template that is on this machine: one of a model on the hub is fetched first. */
export async function withChatTemplate(options: Options, signal: AbortSignal): Promise<Options> {
  const { applyChatTemplate: source } = options;
  if (source === undefined || source === "messages" || existsSync(source)) return options;
  const [, repository, revision = "main"] = ON_HUB.exec(source) ?? [];
  if (repository === undefined) return options;
  const status = new StatusLine();
  try {
    const applyChatTemplate = await fetchChatTemplate(repository, revision, {
      cacheFolder: cacheFolder(),
      onNote: (note) => status.note(note),
      signal,
    });
    return { ...options, applyChatTemplate };
  } finally {
    status.clear();
  }
}
