/** Put in by the build (`tools/wgsl.mjs`). */
declare const GALVANI_DECOMPOSITION_SET: string

/** Digest of the solvers' shaders and of their host code: results of one decomposition repeat only while it is the same. */
export const DECOMPOSITION_SET: string = GALVANI_DECOMPOSITION_SET
