import { runCoordinator } from "../../coordinator/main.ts";
import type { Command } from "../commands.ts";
import { natsOf } from "../nats-servers.ts";
import { isTold } from "../report-error.ts";
import { coordinatorFolder } from "../find-coordinator.ts";

const coordinator: Command = async ({ options }) => {
  const { listen, http, insecure, leaseSeconds, scorers, logLevel, name, advertise } = options;
  await runCoordinator({
    dataFolder: coordinatorFolder(options),
    listen,
    http,
    insecure,
    leaseDurationMs: leaseSeconds * 1000,
    scorers,
    logLevel,
    nats: natsOf(options),
    name: name ?? null,
    advertise: advertise ?? null,
    onReady({ grpcAddress, httpAddress }) {
      if (!isTold(logLevel)) return;
      process.stderr.write(
        `Coordinator ready at ${grpcAddress}, metrics at http://${httpAddress}/metrics\n` +
          `  Add an agent:  muster agent --coordinator ${grpcAddress} --engine-url http://127.0.0.1:8000\n` +
          `  Start a run:   muster run --tasks NAMES --coordinator ${grpcAddress}\n`,
      );
    },
  });
  return 0;
};
export default coordinator;
