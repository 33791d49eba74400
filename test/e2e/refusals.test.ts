// What a coordinator, an agent and a run say when they cannot work, by the real program: one sentence that names the
// cause, and the documented exit status.
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { type ClientDuplexStream, credentials, makeClientConstructor } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { grpcService } from "../../base/node/grpc-service.ts";
import {
  AgentService,
  type ControlDown,
  type ControlUp,
  ControlUpSchema,
  HelloSchema,
} from "../../proto/gen/muster/v1/agent_pb.js";
import { makeTasks } from "../support/made-tasks.ts";
import { MusterProcesses } from "../support/muster-processes.ts";

const muster = new MusterProcesses();
const tasks = join(muster.home, "tasks");
const servers: Server[] = [];
const sockets: Socket[] = [];

beforeAll(async () => {
  makeTasks(tasks, 11, { choiceDocuments: 4, writtenDocuments: 4 });
  await muster.startCoordinator();
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  await muster.stop();
});

/** A port that takes connections and never says a word, as a firewall that swallows does. */
async function silentAddress(): Promise<string> {
  const server = createServer((socket) => sockets.push(socket));
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** A port on which nobody listens. */
async function closedAddress(): Promise<string> {
  const address = await silentAddress();
  await new Promise((resolve) => servers.pop()!.close(resolve));
  return address;
}

test("a second coordinator on the same data folder is refused and told who holds it", async () => {
  const ended = await muster.run(["coordinator", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
  expect(ended.code).toBe(4);
  expect(ended.stderr).toContain(String(muster.coordinatorPid));
  expect(ended.stderr).toContain(muster.grpcAddress);
});

test.each(["--listen", "--http"])("a coordinator whose %s port is taken says so", async (option) => {
  const taken = option === "--listen" ? muster.grpcAddress : muster.httpAddress;
  const other = option === "--listen" ? "--http" : "--listen";
  const words = ["coordinator", "--data-dir", join(muster.home, "other"), option, taken, other, "127.0.0.1:0"];
  const ended = await muster.run(words);
  expect(ended.code).toBe(4);
  expect(ended.stderr).toContain(taken);
});

test("an agent of another protocol is refused with both numbers and what to upgrade", async () => {
  const Client = makeClientConstructor(grpcService(AgentService), "AgentService");
  const client = new Client(muster.grpcAddress, credentials.createInsecure());
  const open = client as unknown as { control(): ClientDuplexStream<ControlUp, ControlDown> };
  const stream = open.control();
  const answers: ControlDown[] = [];
  const ended = new Promise((resolve) => {
    stream.on("data", (answer: ControlDown) => answers.push(answer));
    stream.on("error", resolve);
    stream.on("end", resolve);
  });
  const value = create(HelloSchema, { protocolVersion: 99, musterVersion: "9.0.0", agentId: "x", incarnation: "x" });
  stream.write(create(ControlUpSchema, { message: { case: "hello", value } }));
  await ended;
  client.close();
  expect(answers.map(({ message }) => message.case)).toEqual(["refusal"]);
  const { message } = answers[0]!;
  expect(message).toMatchObject({ value: { kind: "version" } });
  const sentence = (message.value as { readonly message: string }).message;
  expect(sentence).toMatch(
    /\(muster 9\.0\.0\) speaks protocol 99, the coordinator .* speaks 1; upgrade the coordinator/,
  );
});

test.each([
  ["nobody listens", closedAddress],
  ["nobody answers", silentAddress],
])("a run whose coordinator's port is blocked, so that %s, fails clearly", async (_name, makeAddress) => {
  const address = await makeAddress();
  const words = ["run", "--tasks", "made", "--model", "hash", "--yes", "--include-path", tasks];
  const ended = await muster.run([...words, "--coordinator", address]);
  expect(ended.code).toBe(3);
  expect(ended.stdout).toBe("");
  expect(ended.stderr).toContain(address);
});
