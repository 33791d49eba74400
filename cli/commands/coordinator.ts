import { runCoordinator } from "../../coordinator/main.ts";
import type { Command } from "../commands.ts";
import { coordinatorFolder } from "../find-coordinator.ts";

const coordinator: Command = async ({ options }) => {
  await runCoordinator({
    dataFolder: coordinatorFolder(options),
    listen: options.listen,
    http: options.http,
    insecure: options.insecure,
    leaseDurationMs: Math.round(options.leaseSeconds * 1000),
    scorers: options.scorers,
    logLevel: options.logLevel,
  });
  return 0;
};
export default coordinator;
