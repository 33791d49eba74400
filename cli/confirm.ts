import { MusterError } from "../base/muster-error.ts";

/** Asks on a terminal whether to go on; everywhere else the answer is yes. Throws `interrupted` for a no. */
export async function confirmStart(): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return;
  const { confirm, isCancel } = await import("@clack/prompts");
  const answer = await confirm({ message: "Start?", output: process.stderr });
  if (isCancel(answer) || !answer) throw new MusterError("interrupted", "not started");
}
