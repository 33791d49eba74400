/**
 * The wire protocol's number. A coordinator accepts this number and the one before it. An added field or message is no new
 * version; a changed meaning is. History: 1, the first.
 */
export const PROTOCOL_VERSION = 1;

/** Hex SHA-256 of the descriptors in proto/gen, shown by `muster agents`; its test tells when it must change. */
export const SCHEMA_HASH = "e44c87d1c8e82631634e9fb7b1bdc9282b3dbc8bb6fd2312557befa0b5d23b98";
