import { constants, type ZstdOptions } from "node:zlib";

/**
 * How blobs and frames are compressed: level 1. The default level takes five times the processor's time for 19 KB of
 * response columns, most of it to set up its tables, and makes them one percent smaller.
 */
export const ZSTD_OPTIONS: ZstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
