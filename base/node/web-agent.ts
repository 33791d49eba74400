import { getCACertificates } from "node:tls";
import { EnvHttpProxyAgent } from "undici";

const SILENCE_MS = 60_000;

let agent: EnvHttpProxyAgent | undefined;

/**
 * What requests to the web go through: the proxies of the environment (HTTPS_PROXY, NO_PROXY), with the system's
 * certificates beside Node's own, since whoever inspects a company's traffic installs theirs there.
 */
export function webAgent(): EnvHttpProxyAgent {
  if (agent !== undefined) return agent;
  const tls = { ca: [...getCACertificates("default"), ...getCACertificates("system")] };
  agent = new EnvHttpProxyAgent({
    connect: tls,
    requestTls: tls,
    proxyTls: tls,
    headersTimeout: SILENCE_MS,
    bodyTimeout: SILENCE_MS,
  });
  return agent;
}
