import type { Options } from "./options.ts";

/** What a command gets: its checked options and the words after its name. */
export interface CommandInput {
  readonly options: Options;
  readonly words: readonly string[];
}

/** A command's work; resolves to its exit code, throws MusterError where it cannot do it. */
export type Command = (input: CommandInput) => Promise<number>;

/** One row of the command table. */
export interface CommandRow {
  /** The words that name it: `runs show`. */
  readonly path: string;
  /** Arguments as commander writes them: `<run>`, `[pattern]`. */
  readonly words: readonly string[];
  readonly prose: string;
  /** Printed under the help. */
  readonly examples: readonly string[];
  /** For programs: not listed in the help. */
  readonly isHidden?: boolean;
  /** Imported only when the command runs, so that help stays fast. */
  readonly load: () => Promise<{ readonly default: Command }>;
}

/** Every command. A group's own row (`runs`) is what its bare name does. */
export const COMMANDS: readonly CommandRow[] = [
  {
    path: "demo",
    words: [],
    prose: "Run the quickstart suite with a small model on two local agents",
    examples: ["muster demo"],
    load: () => import("./commands/demo.ts"),
  },
  {
    path: "run",
    words: [],
    prose: "Evaluate a model on tasks, on this machine or on a coordinator's agents",
    examples: [
      "muster run --tasks commonsense_qa --limit 50 --model smollm2-135m --local-agents 2",
      "muster run --suite my-suite.yaml --engine-url http://127.0.0.1:8000",
      "muster run --tasks gsm8k --coordinator gpu-1:7461 --detach",
    ],
    load: () => import("./commands/run.ts"),
  },
  {
    path: "replay",
    words: ["<manifest>"],
    prose: "Run again what a manifest says, and compare with what came of it",
    examples: [
      "muster replay muster-results/20261124-101500-abcd/manifest.json",
      "muster replay manifest.json --coordinator gpu-1:7461",
    ],
    load: () => import("./commands/replay.ts"),
  },
  {
    path: "runs",
    words: [],
    prose: "List runs, newest first",
    examples: ["muster runs", "muster runs --json"],
    load: () => import("./commands/runs.ts"),
  },
  {
    path: "runs show",
    words: ["<run>"],
    prose: "Show one run: progress, scores, agents, cost",
    examples: ["muster runs show 20261124 --watch"],
    load: () => import("./commands/runs-show.ts"),
  },
  {
    path: "runs cancel",
    words: ["<run>"],
    prose: "End a run; what was answered is kept",
    examples: [],
    load: () => import("./commands/runs-cancel.ts"),
  },
  {
    path: "runs export",
    words: ["<run>"],
    prose: "Write a finished run's result files",
    examples: ["muster runs export 20261124 --output results"],
    load: () => import("./commands/runs-export.ts"),
  },
  {
    path: "export",
    words: ["<run>"],
    prose: "Write a finished run, or a folder of results, in another tool's format",
    examples: [
      "muster export 20261124 --format inspect",
      "muster export muster-results/20261124-101500-abcd --format csv",
    ],
    load: () => import("./commands/export.ts"),
  },
  {
    path: "journal verify",
    words: ["[journal]"],
    prose: "Read a coordinator's journals frame by frame",
    examples: ["muster journal verify --data-dir /var/lib/muster"],
    load: () => import("./commands/journal-verify.ts"),
  },
  {
    path: "journal export",
    words: ["<journal>"],
    prose: "Copy a journal to a file, also while it is written",
    examples: ["muster journal export run-20261124-101500-abcd --output copy.journal"],
    load: () => import("./commands/journal-export.ts"),
  },
  {
    path: "journal import",
    words: ["<file>"],
    prose: "Bring a copied journal into a data folder that has none of its name",
    examples: [],
    load: () => import("./commands/journal-import.ts"),
  },
  {
    path: "journal repair",
    words: ["<journal>"],
    prose: "Put a whole copy in the place of a broken journal, which is kept beside it",
    examples: ["muster journal repair run-20261124-101500-abcd --from copy.journal"],
    load: () => import("./commands/journal-repair.ts"),
  },
  {
    path: "verify",
    words: ["<run>"],
    prose: "Make a run's coverage and scores anew from what was kept, and compare",
    examples: ["muster verify 20261124", "muster verify muster-results/20261124-101500-abcd"],
    load: () => import("./commands/verify.ts"),
  },
  {
    path: "runs retry",
    words: ["<run>"],
    prose: "Ask again what a partial run got no answer to",
    examples: ["muster runs retry 20261124"],
    load: () => import("./commands/runs-retry.ts"),
  },
  {
    path: "runs resume",
    words: ["<run>"],
    prose: "Take up a local run that was stopped",
    examples: [],
    load: () => import("./commands/runs-resume.ts"),
  },
  {
    path: "coordinator",
    words: [],
    prose: "Start a coordinator: agents and people connect to it",
    examples: [
      "muster coordinator",
      "muster coordinator --listen 0.0.0.0:7461 --insecure",
      "muster coordinator --nats nats://n1:4222,nats://n2:4222,nats://n3:4222",
    ],
    load: () => import("./commands/coordinator.ts"),
  },
  {
    path: "agent",
    words: [],
    prose: "Start an agent: it computes what a coordinator gives it",
    examples: [
      "muster agent --coordinator gpu-1:7461 --engine-url http://127.0.0.1:8000",
      "muster agent --model smollm2-135m",
    ],
    load: () => import("./commands/agent.ts"),
  },
  {
    path: "cluster status",
    words: [],
    prose: "Show the coordinators: who leads, who stands by, how far behind",
    examples: ["muster cluster status --coordinator c1:7461,c2:7461"],
    load: () => import("./commands/cluster-status.ts"),
  },
  {
    path: "agents",
    words: [],
    prose: "List agents: slots, engines, how busy they are",
    examples: ["muster agents --coordinator gpu-1:7461"],
    load: () => import("./commands/agents.ts"),
  },
  {
    path: "agents drain",
    words: ["<agent>"],
    prose: "Let an agent finish what it has begun and take nothing new",
    examples: [],
    load: () => import("./commands/agents-drain.ts"),
  },
  {
    path: "tasks list",
    words: ["[pattern]"],
    prose: "List the tasks, groups and tags that can be run",
    examples: ["muster tasks list 'leaderboard_*'"],
    load: () => import("./commands/tasks-list.ts"),
  },
  {
    path: "tasks show",
    words: ["<name>"],
    prose: "Show a document's prompts as the model will see them, with target and choices",
    examples: ["muster tasks show commonsense_qa --doc 7 --num-fewshot 2", "muster tasks show my-task.yaml --json"],
    load: () => import("./commands/tasks-show.ts"),
  },
  {
    path: "tasks validate",
    words: ["<names...>"],
    prose: "Check task files, or tasks by name, without running them",
    examples: ["muster tasks validate my-task.yaml", "muster tasks validate 'my_*' --include-path my-tasks"],
    load: () => import("./commands/tasks-validate.ts"),
  },
  {
    path: "tasks coverage",
    words: [],
    prose: "Count the installed tasks that run natively, need the bridge, or are refused, with the reasons",
    examples: ["muster tasks coverage"],
    load: () => import("./commands/tasks-coverage.ts"),
  },
  {
    path: "tasks install",
    words: ["<package>"],
    prose: "Fetch the harness's task definitions into the cache",
    examples: ["muster tasks install lm-eval@0.4.13"],
    load: () => import("./commands/tasks-install.ts"),
  },
  {
    path: "data pull",
    words: ["[datasets...]"],
    prose: "Fetch the data sets that tasks need into a folder for machines without the hub",
    examples: [
      "muster data pull --tasks mmlu,gsm8k --to carry",
      "muster data pull openai/gsm8k:main --revision main",
      "muster run --tasks gsm8k --dataset-map carry/map.json",
    ],
    load: () => import("./commands/data-pull.ts"),
  },
  {
    path: "data list",
    words: [],
    prose: "List the hub's data sets in the cache, with commits and digests",
    examples: [],
    load: () => import("./commands/data-list.ts"),
  },
  {
    path: "bridge install",
    words: ["[packages...]"],
    prose: "Set up the Python bridge: the harness in an environment of its own, with Muster as a model",
    examples: ["muster bridge install", "muster bridge install langdetect immutabledict"],
    load: () => import("./commands/bridge-install.ts"),
  },
  {
    path: "bridge run",
    words: ["[harness-arguments...]"],
    prose: "Evaluate with the harness itself, on this machine's or a coordinator's agents: any task that it has",
    examples: [
      "muster bridge run --tasks truthfulqa_gen --coordinator gpu-1:7461",
      "muster bridge run --tasks ifeval --limit 50 --model smollm2-135m --local-agents 2",
      "muster bridge run --tasks humaneval --coordinator gpu-1:7461 -- --confirm_run_unsafe_code",
    ],
    load: () => import("./commands/bridge-run.ts"),
  },
  {
    path: "bridge requests",
    words: [],
    prose: "Answer the requests of a harness that started this: JSON lines in and out",
    examples: [],
    isHidden: true,
    load: () => import("./commands/bridge-requests.ts"),
  },
  {
    path: "models",
    words: [],
    prose: "List the catalogue's models and which are here",
    examples: [],
    load: () => import("./commands/models.ts"),
  },
  {
    path: "models pull",
    words: ["<name>"],
    prose: "Fetch a model of the catalogue, checked against its digest",
    examples: ["muster models pull smollm2-135m"],
    load: () => import("./commands/models-pull.ts"),
  },
  {
    path: "version",
    words: [],
    prose: "Print the versions of Muster, its wire protocol and Node",
    examples: [],
    load: () => import("./commands/version.ts"),
  },
];

/** What stands over a group's commands in the help. */
export const GROUPS: { readonly [name: string]: string } = {
  cluster: "The coordinators of a cluster",
  runs: "List, show, cancel, export, retry and resume runs",
  agents: "List and drain agents",
  tasks: "List, show, check and install task definitions",
  data: "Fetch data sets for machines without the hub, and list the cache",
  bridge: "Install the Python bridge, and evaluate with it",
  models: "List and fetch models",
  journal: "Read, copy and repair a coordinator's journals",
};
