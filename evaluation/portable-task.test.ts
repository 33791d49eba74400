import { expect, test } from "vitest";
import type { PlanTask } from "./plan.ts";
import { portableConfig, portableTask } from "./portable-task.ts";

test.each([
  [
    '{"task": "a", "metadata": {"version": 1.0, "config_source": "/x/\\"é\\\\.yaml"}}',
    '{"task": "a", "metadata": {"version": 1.0}}',
  ],
  ['{"metadata": {"config_source": "/x/a.yaml"}, "task": "a"}', '{"metadata": {}, "task": "a"}'],
  ['{"metadata": {"config_source": "/x/a.yaml", "version": 2}}', '{"metadata": {"version": 2}}'],
])("where settings lie is no part of what they say: %s", (config, portable) => {
  expect(portableConfig(config)).toBe(portable);
});

test("text that only reads like a place is kept", () => {
  const config = JSON.stringify({ doc_to_text: 'say "config_source": "/x/a.yaml", and go' });
  expect(portableConfig(config)).toBe(config);
});

function taskIn(folder: string, modules: readonly string[]): PlanTask {
  const text = { "a.py": "from b import *", "sub/b.py": "def f(): pass" } as Record<string, string>;
  return {
    ...{ name: "t", alias: "t", version: "1", outputKind: "generate_until", numFewshot: 0, multipleTargets: false },
    ...{ config: `{"metadata": {"config_source": "${folder}/t.yaml"}}`, higherIsBetter: {} },
    code: {
      modules: Object.fromEntries(modules.map((file) => [`${folder}/${file}`, text[file]!])),
      functions: { process_results: { file: `${folder}/${modules[0]!}`, name: "f" } },
    },
  };
}

test.each([[["a.py"]], [["a.py", "sub/b.py"]], [["sub/b.py", "a.py"]]])(
  "Python modules %j keep their places among each other, and no other",
  (modules) => {
    const portable = portableTask(taskIn("/home/one/tasks", modules));
    expect(portable).toEqual(portableTask(taskIn("/else/where", modules)));
    expect(Object.keys(portable.code!.modules)).toEqual(modules);
    expect(portable.code!.functions["process_results"]).toEqual({ file: modules[0], name: "f" });
  },
);
