// How far an interior point is on its way, told from what its duality gap still has to fall.

/** Iterations that a power of ten of the gap takes, as recordings have it; both solvers fall alike. */
const PER_DECADE = 2.5

/** Share of the work that is done after so many iterations, where the gap is `excess` times what is asked for. */
export function shareDone(iterations: number, excess: number): number {
  const left = PER_DECADE * Math.max(0, Math.log10(excess))
  return iterations + left > 0 ? iterations / (iterations + left) : 1
}
