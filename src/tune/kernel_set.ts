/** Put in by the build (`tools/wgsl.mjs`). */
declare const GALVANI_KERNEL_SET: string

/** Digest of all shaders and of the host code that launches them: names of variants mean the same kernels only while it is the same. */
export const KERNEL_SET: string = GALVANI_KERNEL_SET
