// One timed run in a process of its own: the request as JSON in, the figures as JSON out.
import type { PlanRequest } from "../../frontend/plan-request.ts";
import { timeRun } from "./timed-run.ts";

const request = JSON.parse(process.argv[2]!) as PlanRequest;
process.stdout.write(`${JSON.stringify(await timeRun(request))}\n`);
