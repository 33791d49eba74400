import { toJson } from "@bufbuild/protobuf";
import { RunSchema } from "../../proto/gen/muster/v1/operator_pb.js";
import type { Command } from "../commands.ts";
import { withCoordinator } from "../find-coordinator.ts";
import { followRun } from "../follow-run.ts";
import { count, columns } from "../format.ts";
import { Interrupts } from "../interrupts.ts";
import { headline, LiveView } from "../live-view.ts";
import { nanAsNull } from "../run-session.ts";
import { summaryLines } from "../run-summary.ts";
import { scoreLines } from "../score-lines.ts";
import { printable } from "../terminal.ts";

const show: Command = ({ options, words }) =>
  withCoordinator(options, async (client) => {
    let run = await client.getRun(words[0]!);
    if (options.watch) {
      const interrupts = new Interrupts();
      const last = await followRun(client, run.runId, new LiveView(options.json), interrupts.signal);
      interrupts.close();
      if (last === null) return 130;
      run = last;
    }
    const results = Buffer.from(run.resultsJson).toString("utf8");
    if (options.json) {
      const value = toJson(RunSchema, run, { alwaysEmitImplicit: true }) as Record<string, unknown>;
      const parsed: unknown = results === "" ? null : JSON.parse(nanAsNull(results));
      process.stdout.write(`${JSON.stringify({ ...value, resultsJson: undefined, results: parsed })}\n`);
      return 0;
    }
    const tasks = run.tasks.map((task) => [
      `  ${printable(task.task)}`,
      `${count(task.samplesDone)}/${count(task.sampleCount)}`,
    ]);
    const head = [headline(run), `suite ${printable(run.suite)}, model ${printable(run.model)}`];
    const scores = results === "" ? columns(tasks, new Set([1])) : scoreLines(results, process.stdout);
    process.stdout.write(`${[...head, "", ...scores, "", ...summaryLines(run, "slot-seconds")].join("\n")}\n`);
    return 0;
  });
export default show;
