import { COMPUTES, EVALUATES, EVERYWHERE, JOURNALS, READS_CLUSTER } from "./option-commands.ts";
import type { OptionRow, ValueOfKind } from "./option-row.ts";
import { NATS_OPTIONS } from "./nats-options.ts";
import { EVALUATION_OPTIONS } from "./evaluation-options.ts";

/**
 * The one table of options. Flags, environment variables, `--help`, validation and docs/configuration.md derive from it,
 * so an option is added here and nowhere else.
 */

/** Every option of every command. */
export const OPTIONS = {
  ...EVALUATION_OPTIONS,
  bridge: {
    flag: "--bridge <when>",
    env: "MUSTER_BRIDGE",
    kind: "choice",
    choices: ["auto", "never", "always"],
    default: "auto",
    prose:
      "When the harness itself runs tasks, on the same agents: `auto` where the native frontend refuses them and `muster bridge install` was done, `never`, or `always`.",
    commands: ["run"],
  },
  bridgePython: {
    flag: "--bridge-python <program>",
    env: "MUSTER_BRIDGE_PYTHON",
    kind: "text",
    prose: "A Python that has lm_eval, instead of the one that `muster bridge install` sets up.",
    commands: EVALUATES,
  },
  localAgents: {
    flag: "--local-agents <count>",
    env: "MUSTER_LOCAL_AGENTS",
    kind: "integer",
    default: 1,
    minimum: 1,
    maximum: 64,
    unit: "processes",
    prose: "Agent processes to start on this machine, for this run. Not used with --coordinator.",
    commands: COMPUTES,
  },
  coordinator: {
    flag: "--coordinator <host:port,…>",
    env: "MUSTER_COORDINATOR",
    kind: "addresses",
    prose:
      "The coordinator's gRPC address; of several, all, with commas between: whichever leads is found. Not given: `run` starts one for itself, `agent` calls 127.0.0.1:7461, the others look for one that runs on the data folder.",
    commands: [...COMPUTES, "agent", "bridge requests", ...READS_CLUSTER],
  },
  output: {
    flag: "--output <folder>",
    env: "MUSTER_OUTPUT",
    kind: "text",
    prose: "Where the results go. Not given: muster-results/RUN.",
    commands: [...COMPUTES, "demo", "runs resume", "runs retry", "runs export", "export", "journal export"],
  },
  format: {
    flag: "--format <format>",
    env: "MUSTER_FORMAT",
    kind: "choice",
    choices: ["inspect", "every-eval-ever", "csv", "junit"],
    default: "csv",
    prose:
      "`inspect`: a log of Inspect AI for each task; `every-eval-ever`: that database's record; `csv`: a row for each sample, filter and metric; `junit`: a test case for each score.",
    commands: ["export"],
  },
  allowDifferent: {
    flag: "--allow-different",
    env: "MUSTER_ALLOW_DIFFERENT",
    kind: "switch",
    prose: "Replay a run although its tasks, data or model are no longer what its manifest names.",
    commands: ["replay"],
  },
  noCache: {
    flag: "--no-cache",
    env: "MUSTER_NO_CACHE",
    kind: "switch",
    prose:
      "Compute every request, also those that an earlier command was answered. (`run` shares no answers between runs yet.)",
    commands: [...EVALUATES, "bridge requests"],
  },
  resume: {
    flag: "--resume <word>",
    env: "MUSTER_RESUME",
    kind: "text",
    prose:
      "Go on from what an interrupted command was answered through the Python bridge, by a server that tells no digest of its weights: you vouch that it serves the same model still. The command told the word. Other engines need none.",
    commands: [...EVALUATES, "bridge requests"],
  },
  yes: {
    flag: "--yes",
    env: "MUSTER_YES",
    kind: "switch",
    prose: "Start without asking.",
    commands: ["run"],
  },
  json: {
    flag: "--json",
    env: "MUSTER_JSON",
    kind: "switch",
    prose: "One JSON value on standard output instead of text; errors as JSON on standard error.",
    commands: EVERYWHERE,
  },
  detach: {
    flag: "--detach",
    env: "MUSTER_DETACH",
    kind: "switch",
    prose: "Submit the run and return at once. Needs --coordinator.",
    commands: ["run", "runs retry"],
  },
  dataFolder: {
    flag: "--data-dir <folder>",
    env: "MUSTER_DATA_DIR",
    kind: "text",
    prose:
      "Where a coordinator keeps its journal (not given: muster/coordinator in the XDG state folder) and an agent its unacknowledged responses (muster/agents/NAME). Commands that ask a coordinator look here for the one of this machine.",
    commands: ["coordinator", "agent", "bridge requests", ...READS_CLUSTER, ...JOURNALS],
  },
  from: {
    flag: "--from <file>",
    env: "MUSTER_FROM",
    kind: "text",
    prose: "The copy to repair a journal from; `muster journal export` makes them.",
    commands: ["journal repair"],
  },
  pricePerHour: {
    flag: "--price-per-hour <dollars>",
    env: "MUSTER_PRICE_PER_HOUR",
    kind: "number",
    default: 0,
    minimum: 0,
    maximum: 1_000_000,
    unit: "US dollars a slot and hour",
    prose: "What a slot costs, for the bill. With 0, no cost is printed.",
    commands: [...COMPUTES, "agent"],
  },
  threads: {
    flag: "--threads <count>",
    env: "MUSTER_THREADS",
    kind: "integer",
    minimum: 1,
    maximum: 1024,
    unit: "threads a slot",
    prose: "CPU threads of an embedded engine. Not given: the usable cores, divided among the local agents.",
    commands: [...COMPUTES, "agent"],
  },
  concurrency: {
    flag: "--concurrency <count>",
    env: "MUSTER_CONCURRENCY",
    kind: "integer",
    minimum: 1,
    maximum: 4096,
    unit: "samples a slot",
    prose: "Samples that a slot computes at once. Not given: the engine's own measure.",
    commands: [...COMPUTES, "agent"],
  },
  simulation: {
    flag: "--simulation <settings>",
    env: "MUSTER_SIMULATION",
    kind: "settings",
    prose: "Settings of the simulated engine, as `key=value,…` or JSON: its speed, latency and faults.",
    commands: [...COMPUTES, "agent"],
  },
  name: {
    flag: "--name <name>",
    env: "MUSTER_NAME",
    kind: "text",
    prose:
      "The agent's name, and its folder's (not given: the host's name); of several coordinators, this one's (not given: the host's name and the port).",
    commands: ["agent", "coordinator"],
  },
  listen: {
    flag: "--listen <host:port>",
    env: "MUSTER_LISTEN",
    kind: "address",
    default: "127.0.0.1:7461",
    prose: "gRPC address for agents and people; port 0 takes a free one.",
    commands: ["coordinator"],
  },
  http: {
    flag: "--http <host:port>",
    env: "MUSTER_HTTP",
    kind: "address",
    default: "127.0.0.1:7460",
    prose: "Address of /metrics and /healthz; port 0 takes a free one.",
    commands: ["coordinator"],
  },
  insecure: {
    flag: "--insecure",
    env: "MUSTER_INSECURE",
    kind: "switch",
    prose: "Allow addresses that other machines can reach, although there is no TLS yet.",
    commands: ["coordinator"],
  },
  advertise: {
    flag: "--advertise <host:port>",
    env: "MUSTER_ADVERTISE",
    kind: "address",
    prose:
      "Where agents and people reach this coordinator, for others to tell them. Not given: where it listens, under the host's name where that is everywhere.",
    commands: ["coordinator"],
  },
  ...NATS_OPTIONS,
  leaseSeconds: {
    flag: "--lease-seconds <seconds>",
    env: "MUSTER_LEASE_SECONDS",
    kind: "number",
    default: 15,
    minimum: 1,
    maximum: 3600,
    unit: "seconds",
    prose: "How long an agent may be silent before its work is given to another.",
    commands: ["coordinator"],
  },
  scorers: {
    flag: "--scorers <count>",
    env: "MUSTER_SCORERS",
    kind: "integer",
    default: 0,
    minimum: 0,
    maximum: 256,
    unit: "threads",
    prose: "Threads that score; 0 chooses by the number of cores.",
    commands: ["coordinator"],
  },
  logLevel: {
    flag: "--log-level <level>",
    env: "MUSTER_LOG_LEVEL",
    kind: "choice",
    default: "info",
    choices: ["debug", "info", "warn", "error", "silent"],
    prose: "How much the process logs, as JSON lines on standard error.",
    commands: ["coordinator", "agent"],
  },
  last: {
    flag: "--last <count>",
    env: "MUSTER_LAST",
    kind: "integer",
    default: 20,
    minimum: 1,
    maximum: 1000,
    unit: "runs",
    prose: "How many runs to list, newest first.",
    commands: ["runs"],
  },
  watch: {
    flag: "--watch",
    env: "MUSTER_WATCH",
    kind: "switch",
    prose: "Follow the run until it ends.",
    commands: ["runs show"],
  },
} as const satisfies { readonly [name: string]: OptionRow };

export type OptionName = keyof typeof OPTIONS;

/** Kinds that always have a value: switches are off and lists empty where nothing is given. */
type AlwaysThere = "switch" | "texts" | "words" | "url";

/** The options of a command, read and checked. */
export type Options = {
  readonly [name in OptionName]:
    | ValueOfKind[(typeof OPTIONS)[name]["kind"]]
    | ((typeof OPTIONS)[name] extends { readonly default: string | number }
        ? never
        : (typeof OPTIONS)[name]["kind"] extends AlwaysThere
          ? never
          : undefined);
};

/** The table's rows that a command takes, in the table's order. */
export function optionsOf(command: string): (readonly [OptionName, OptionRow])[] {
  return (Object.entries(OPTIONS) as [OptionName, OptionRow][]).filter(([, row]) => row.commands.includes(command));
}

/** The flag without its placeholder: `--limit`. */
export function flagName(row: OptionRow): string {
  return row.flag.split(" ", 1)[0]!;
}
