/**
 * The wire protocol's number. A coordinator accepts this number and the one before it. An added field is no new
 * version; a changed meaning is. History: 1, the first.
 */
export const PROTOCOL_VERSION = 1;

/** Hex SHA-256 of the descriptors in proto/gen, shown by `muster agents`; its test tells when it must change. */
export const SCHEMA_HASH = "22095cb0ed253e32b09ec32a270ed97315f920fc64997f2ea723fa439ef9917b";
