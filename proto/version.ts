/**
 * The wire protocol's number. A coordinator accepts this number and the one before it. An added field is no new
 * version; a changed meaning is. History: 1, the first.
 */
export const PROTOCOL_VERSION = 1;

/** Hex SHA-256 of the descriptors in proto/gen, shown by `muster agents`; its test tells when it must change. */
export const SCHEMA_HASH = "95106bc19aba80c562ebd2209b82776b53c524334b9ce3e06ffb573c89377ad6";
