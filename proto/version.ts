/**
 * The wire protocol's number. A coordinator accepts this number and the one before it. An added field is no new
 * version; a changed meaning is. History: 1, the first.
 */
export const PROTOCOL_VERSION = 1;

/** Hex SHA-256 of the descriptors in proto/gen, shown by `muster agents`; its test tells when it must change. */
export const SCHEMA_HASH = "ac972f21edbb6169ad4703f5802116bda5b8c93071238a6a4764f9f8c571e426";
