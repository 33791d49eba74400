// The reference harness's own numbers for 69 task runs on the hash model: prompts, per-sample scores, results and
// standard errors, to the last bit. One process, no cluster: what differs here differs in planning or scoring.
import { join } from "node:path";
import { describe, test } from "vitest";
import { readChatTemplate } from "../../frontend/chat-template.ts";
import { harnessPython, harnessTree } from "../support/harness-python.ts";
import { sharedFolder } from "../support/shared-folder.ts";
import { chatTemplateOf, type GoldenRun, includePathsOf, readGoldenFolder } from "./golden-runs.ts";
import { expectSameRun, type RunWish } from "./same-run.ts";

const python = harnessPython();
const golden = sharedFolder === null ? [] : readGoldenFolder(join(sharedFolder, "parity", "golden"));

test.each(readGoldenFolder(join(import.meta.dirname, "golden")))(
  "$name, with data full of odd values: every prompt, sample, result and standard error has the harness's bits",
  async ({ golden }) => {
    const datasetMap = join(import.meta.dirname, "golden-tasks", "dataset-map.json");
    await expectSameRun(golden, { ...wishOf(golden, datasetMap), ...chatOf(golden, datasetMap) });
  },
);

describe.skipIf(python === null || sharedFolder === null)("golden runs", () => {
  test.each(golden)(
    "$name: every prompt, sample, result and standard error has the harness's bits",
    async ({ golden }) => {
      const wish = wishOf(golden, join(sharedFolder!, "parity", "dataset-map.json"));
      await expectSameRun(golden, { ...wish, includePaths: [harnessTree(python!), ...wish.includePaths] });
    },
  );
});

function wishOf(golden: GoldenRun, datasetMap: string): RunWish {
  const { tasks, limit, num_fewshot: numFewshot } = golden.settings;
  return { tasks, limit, numFewshot, includePaths: includePathsOf(golden, datasetMap), datasetMap };
}

function chatOf(golden: GoldenRun, datasetMap: string): Pick<RunWish, "chat"> {
  const template = chatTemplateOf(golden, datasetMap);
  if (template === null) return {};
  const { system_instruction: systemInstruction = null, fewshot_as_multiturn: isMultiturn = true } = golden.settings;
  return { chat: { systemInstruction, template: readChatTemplate(template), isMultiturn } };
}
