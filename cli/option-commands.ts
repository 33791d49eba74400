// Groups of commands that take the same options.

/** Commands that ask a coordinator. */
export const READS_CLUSTER = [
  "cluster status",
  "agents",
  "agents drain",
  "runs",
  "runs show",
  "runs cancel",
  "runs export",
  "runs retry",
  "verify",
  "export",
] as const;
/** Commands that evaluate, with agents of their own or a coordinator's. */
export const EVALUATES = ["run", "bridge run"] as const;
/** Commands that compute with engines. */
export const COMPUTES = [...EVALUATES, "replay"] as const;
/** Commands that read or mend the journals of a data folder. */
export const JOURNALS = ["journal verify", "journal export", "journal import", "journal repair"] as const;
/** Commands that people give. */
export const EVERYWHERE = [
  ...READS_CLUSTER,
  ...JOURNALS,
  "run",
  "demo",
  "replay",
  "runs resume",
  "coordinator",
  "agent",
  "tasks install",
  "tasks list",
  "tasks show",
  "tasks validate",
  "tasks coverage",
  "data pull",
  "data list",
  "bridge install",
  "bridge run",
  "models",
  "models pull",
  "version",
] as const;
