// A run that an engine did not answer in full, asked again once the engine is well: by the real program.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MusterProcesses } from "../support/muster-processes.ts";
import { answerJson, SmallServer } from "../support/small-server.ts";

const DOCUMENTS = 12;
/** What the engine refuses while it is ill. */
const ILL = "word3";

const muster = new MusterProcesses();
const tasks = join(muster.home, "tasks");
const map = join(tasks, "map.json");
const words = ["run", "--tasks", "words", "--include-path", tasks, "--dataset-map", map, "--json", "--yes"];
let server: SmallServer;

beforeAll(async () => {
  mkdirSync(tasks);
  const rows = Array.from({ length: DOCUMENTS }, (_, index) => JSON.stringify({ q: `a b word${index} a`, a: "b" }));
  writeFileSync(join(tasks, "rows.jsonl"), `${rows.join("\n")}\n`);
  writeFileSync(map, JSON.stringify({ words: { test: "rows.jsonl" } }));
  const task = {
    ...{ task: "words", dataset_path: "words", test_split: "test", output_type: "generate_until" },
    ...{ doc_to_text: "q", doc_to_target: "a", generation_kwargs: { until: ["."], max_gen_toks: 1 } },
    metric_list: [{ metric: "exact_match" }],
  };
  writeFileSync(join(tasks, "words.yaml"), JSON.stringify(task));
  server = await SmallServer.start();
  await muster.startCoordinator();
});

afterAll(async () => {
  await server.stop();
  await muster.stop();
});

function fallIll(): void {
  server.answer("/v1/completions", ({ body, response }) => {
    const isIll = promptOf(body).includes(ILL);
    const answer = isIll ? answerJson({ error: { message: "no such word" } }, 400) : answerJson(server.complete(body));
    answer({ body, response });
  });
}

function promptOf(body: Readonly<Record<string, unknown>>): string {
  const { choices } = server.complete({ ...body, echo: true, max_tokens: 0 }) as { choices: [{ text: string }] };
  return choices[0].text;
}

interface Result {
  readonly run: { readonly runId: string; readonly state: string; readonly requestsDone: string };
  readonly scores: readonly { readonly value: number }[];
}

test.each(["local", "of a coordinator"])("a partial run, %s, asks again only what has no answer", async (kind) => {
  const isLocal = kind === "local";
  const place = isLocal ? [] : ["--coordinator", muster.grpcAddress];
  const engine = ["--engine-url", server.url, "--model", "small"];
  const agent = isLocal ? null : await muster.startAgent("a", engine);
  server.behave();
  const whole = JSON.parse(
    await muster.output([...words, ...(isLocal ? engine : ["--model", "small"]), ...place, "--output", `${tasks}/w`]),
  ) as Result;

  fallIll();
  const first = await muster.run([
    ...words,
    ...(isLocal ? engine : ["--model", "small"]),
    ...[...place, "--output", join(tasks, `out-${kind.length}`)],
  ]);
  expect(first.code, first.stderr).toBe(5);
  const { run } = JSON.parse(first.stdout) as Result;
  expect(run).toMatchObject({ state: "partial", requestsDone: String(DOCUMENTS - 1) });

  server.behave();
  const before = server.completions.length;
  const again = await muster.run(["runs", "retry", run.runId, "--json", ...place, "--output", join(tasks, "again")]);
  expect(again.code, again.stderr).toBe(0);
  const retried = JSON.parse(again.stdout) as Result;
  expect(retried.run).toMatchObject({ runId: run.runId, state: "done", requestsDone: String(DOCUMENTS) });
  expect(retried.scores).toEqual(whole.scores);
  const asked = server.completions.slice(before).map(promptOf);
  expect(asked.filter((prompt) => /word(?!3\b)\d/.test(prompt))).toEqual([]);
  expect(asked.filter((prompt) => prompt.includes(ILL))).toHaveLength(1);

  const third = await muster.run(["runs", "retry", run.runId, ...place]);
  expect(third.code).toBe(4);
  expect(third.stderr).toMatch(isLocal ? /has ended/ : /is done: there is nothing to try again/);
  agent?.child.kill();
});
