import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { expect, test } from "vitest";
import { LeaderProbe } from "./leader-probe.ts";

async function listen(port = 0): Promise<{ readonly server: Server; readonly port: number; readonly address: string }> {
  const server = createServer((socket) => socket.on("error", () => socket.destroy())).listen(port, "127.0.0.1");
  await once(server, "listening");
  const found = (server.address() as AddressInfo).port;
  return { server, port: found, address: `127.0.0.1:${found}` };
}

test("a process is gone when its port refuses connections that it took before", async () => {
  const probe = new LeaderProbe();
  const { server, address, port } = await listen();
  expect(await probe.isGone(address)).toBe(false);
  server.close();
  expect(await probe.isGone(address)).toBe(true);
  const again = await listen(port);
  expect(await probe.isGone(address)).toBe(false);
  again.server.close();
});

test("an address that never answered may be a firewall's, and one that is open again at once was never gone", async () => {
  const { server, address, port } = await listen();
  server.close();
  await once(server, "close");
  for (const one of [address, "no address", "127.0.0.1:99999"]) {
    expect(await new LeaderProbe().isGone(one)).toBe(false);
  }
  const probe = new LeaderProbe();
  const first = await listen(port);
  expect(await probe.isGone(address)).toBe(false);
  first.server.close();
  await once(first.server, "close");
  const asked = probe.isGone(address);
  const second = await listen(port);
  expect(await asked).toBe(false);
  second.server.close();
});
