import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const CONNECT_TIMEOUT_MS = 500;
/** A process that opens its port again is refused for a moment. */
const REFUSALS = 3;
const PAUSE_MS = 50;

/**
 * Looks whether a leader's process is there no more: its machine refuses connections to where it listened before. Says
 * nothing of a machine that does not answer, nor of an address that never did: that may be a firewall.
 */
export class LeaderProbe {
  #address = "";
  #hasAnswered = false;

  /** Whether the process that listened at `HOST:PORT` is gone. */
  async isGone(address: string): Promise<boolean> {
    if (address !== this.#address) [this.#address, this.#hasAnswered] = [address, false];
    for (let refusals = 0; refusals < REFUSALS; refusals++) {
      if (refusals > 0) await sleep(PAUSE_MS);
      const answer = await knock(address);
      if (answer === "open") this.#hasAnswered = true;
      if (answer !== "refused" || !this.#hasAnswered) return false;
    }
    return true;
  }
}

/** `silent` too where it is no address. */
function knock(address: string): Promise<"open" | "refused" | "silent"> {
  const [, host = "", port = ""] = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(address) ?? [];
  if (host === "" || Number(port) > 65_535) return Promise.resolve("silent");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: CONNECT_TIMEOUT_MS });
    const end = (answer: "open" | "refused" | "silent"): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end("open"));
    socket.once("timeout", () => end("silent"));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "ECONNREFUSED" ? "refused" : "silent"));
  });
}
