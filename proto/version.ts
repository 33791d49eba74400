/**
 * The wire protocol's number. A coordinator accepts this number and the one before it. An added field is no new
 * version; a changed meaning is. History: 1, the first.
 */
export const PROTOCOL_VERSION = 1;

/** Hex SHA-256 of the descriptors in proto/gen, shown by `muster agents`; its test tells when it must change. */
export const SCHEMA_HASH = "ca51f22cf54e09fbd411ddfd85dc0622408fc85202824b3ba295c5089bbc0cc2";
