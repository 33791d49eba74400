import { MusterError } from "../../base/muster-error.ts";
import type { CoordinatorClient } from "../coordinator-client.ts";

const RESPONSES_FILE = /^responses_.*\.jsonl$/;
const LINE = /^\{"request": (\d+), (.*)\}$/;

/** A response as the coordinator wrote it. */
export interface WrittenResponse {
  /** Position in the run's plan. */
  readonly request: number;
  /** Members of a JSON object, as Python prints them. */
  readonly answer: string;
}

/** The responses of an ended run that others score, in the plan's order. Throws `badData` for a run of another sort. */
export async function* readResponses(client: CoordinatorClient, runId: string): AsyncGenerator<WrittenResponse> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let isWanted = false;
  let wasFound = false;
  let rest = "";
  for await (const { fileName, bytes } of client.exportRun(runId)) {
    if (fileName !== "") isWanted = RESPONSES_FILE.test(fileName);
    if (!isWanted) continue;
    wasFound = true;
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield readLine(line, runId);
  }
  if (!wasFound || rest !== "") throw new MusterError("badData", `run ${runId} holds no responses to read`);
}

function readLine(line: string, runId: string): WrittenResponse {
  const found = LINE.exec(line);
  if (found === null) throw new MusterError("badData", `run ${runId} holds a response that cannot be read`);
  return { request: Number(found[1]), answer: found[2]! };
}
