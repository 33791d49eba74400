/**
 * The wire protocol's number. A coordinator accepts this number and the one before it. An added field is no new
 * version; a changed meaning is. History: 1, the first.
 */
export const PROTOCOL_VERSION = 1;

/** Hex SHA-256 of the descriptors in proto/gen, shown by `muster agents`; its test tells when it must change. */
export const SCHEMA_HASH = "a82c1abe777dbdeec5557fa3e7eba8e89f5b03c620a5d4e595ae8ebcf07f1ae0";
