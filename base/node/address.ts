import { MusterError } from "../muster-error.ts";

/** A host and a port to listen on or to call. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads `HOST:PORT` (an IPv6 host in brackets). Throws `usage` naming the option. */
export function parseAddress(text: string, option: string): Address {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s[\]/]+)):([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new MusterError("usage", `${option} ${JSON.stringify(text)} is not HOST:PORT`, {
      wayOut: "For example 127.0.0.1:7461.",
    });
  }
  return { host: match[1] ?? match[2]!, port };
}

/** `HOST:PORT`, with brackets around an IPv6 host. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
