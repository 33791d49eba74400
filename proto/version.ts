/**
 * The wire protocol's number. A coordinator accepts this number and the one before it. An added field or message is no new
 * version; a changed meaning is. History: 1, the first.
 */
export const PROTOCOL_VERSION = 1;

/** Hex SHA-256 of the descriptors in proto/gen, shown by `muster agents`; its test tells when it must change. */
export const SCHEMA_HASH = "df1dd45c84bd2913431e45e7b1bed7b7ec75ae2c257550d2515440505b5d60a9";
