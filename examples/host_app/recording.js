// Skin conductance made up for this page: a drifting level and four responses, in microsiemens.
export const SAMPLE_RATE = 4 // Hz

/** Two minutes. */
export function makeRecording() {
  const response = (t) => (t < 0 ? 0 : Math.exp(-t / 2) - Math.exp(-t / 0.7))
  return Float32Array.from({ length: 120 * SAMPLE_RATE }, (_, i) => {
    const t = i / SAMPLE_RATE
    const responses = 1.2 * response(t - 11) + 2 * response(t - 34) + 0.9 * response(t - 57) + 1.6 * response(t - 88)
    return 2 + 0.3 * Math.sin(t / 19) + responses
  })
}
