/** Put in by the build (`tools/wgsl.mjs`). */
declare const GALVANI_KERNEL_SET: string

/**
 * Digest of all shaders, of the host code that launches them and of the model's layers: names of variants mean the same kernels
 * only while it is the same.
 */
export const KERNEL_SET: string = GALVANI_KERNEL_SET
