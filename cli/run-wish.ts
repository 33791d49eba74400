import { basename, resolve } from "node:path";
import { MusterError } from "../base/muster-error.ts";
import { cacheFolder } from "../base/node/folders.ts";
import { readChatTemplate } from "../frontend/chat-template.ts";
import type { PlanRequest } from "../frontend/plan-request.ts";
import type { Options } from "./options.ts";
import { readSuite, type Suite } from "./suite-file.ts";

/** The harness's own seeds: Python, NumPy, torch, few-shot. */
const SEEDS_DEFAULT = [0, 1234, 1234, 1234] as const;

/** What is to be evaluated, from the command line and the suite file. */
export interface RunWish {
  readonly suite: string;
  readonly request: PlanRequest;
}

/** Reads the suite, where there is one; flags win over it. Throws `usage` where it is not said what to run. */
export function readRunWish(options: Options): RunWish {
  if (options.tasks.length > 0 && options.suite !== undefined) {
    throw new MusterError("usage", "--tasks and --suite both say what to run", { wayOut: "Give one of the two." });
  }
  const suite = options.suite === undefined ? suiteOfWords(options.tasks) : readSuite(options.suite);
  if (suite.tasks.length === 0) {
    throw new MusterError("usage", "nothing says what to run", {
      wayOut: "Give --tasks NAMES or --suite FILE; `muster tasks list` shows what there is, `muster demo` shows a run.",
    });
  }
  const [python, numpy, torch, fewshot] = options.seeds ?? suite.seeds ?? SEEDS_DEFAULT;
  return {
    suite: suite.name ?? (options.suite === undefined ? suite.tasks.join(",") : basename(options.suite)),
    request: {
      tasks: suite.tasks,
      includePaths: [...options.includePaths.map((path) => resolve(path)), ...suite.includePaths],
      datasetMap: options.datasetMap === undefined ? (suite.datasetMap ?? null) : resolve(options.datasetMap),
      limit: options.limit ?? suite.limit ?? null,
      numFewshot: options.numFewshot ?? suite.numFewshot ?? null,
      // A flag is for all tasks.
      numFewshotOf: options.numFewshot === undefined ? suite.numFewshotOf : new Map<string, number>(),
      seeds: { python, numpy, torch, fewshot },
      generationOverrides: options.genKwargs ?? suite.genKwargs ?? null,
      bootstrapIterations: options.bootstrapIterations,
      cacheFolder: cacheFolder(),
      ...readChat(options),
    },
  };
}

/** How prompts are written for a chat model; nothing where no option says so. */
function readChat(options: Options): Pick<PlanRequest, "chat"> {
  const { applyChatTemplate: source, systemInstruction, fewshotAsMultiturn } = options;
  if (source === undefined && fewshotAsMultiturn === "yes") {
    throw new MusterError("usage", "--fewshot-as-multiturn yes needs a chat template", {
      wayOut: "Give --apply-chat-template as well.",
    });
  }
  if (options.engineApi === "chat" && source !== "messages") {
    throw new MusterError("usage", "a chat server takes prompts as turns", {
      wayOut: "Give --apply-chat-template messages as well: the server has the template.",
    });
  }
  if (source === undefined && systemInstruction === undefined) return {};
  return {
    chat: {
      systemInstruction: systemInstruction ?? null,
      template:
        source === undefined ? null : source === "messages" ? { kind: "messages" } : readChatTemplate(resolve(source)),
      isMultiturn: source !== undefined && fewshotAsMultiturn !== "no",
    },
  };
}

function suiteOfWords(tasks: readonly string[]): Suite {
  return {
    name: undefined,
    tasks,
    numFewshotOf: new Map(),
    includePaths: [],
    datasetMap: undefined,
    limit: undefined,
    numFewshot: undefined,
    seeds: undefined,
    genKwargs: undefined,
  };
}
