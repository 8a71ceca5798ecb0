// galvani/recordings: from the samples of a recording to responses, features and warnings, in a page as well, with no package.

// A whole recording in one call
export { analyse, type Analysis, type AnalyseOptions, type SolvingOptions } from './recording/analyse.ts'
export type { Recording } from './reading/recording.ts'

// Responses and quality
export { DOUBTED, scrEvents, type Doubt, type ScrEvent, type ScrInput } from './recording/responses.ts'
export { driverEvents, type DriverInput } from './recording/driver_events.ts'
export { qualityWarnings, signalQuality, type SignalQuality, type Span } from './signal/quality.ts'

// Features and tables
export {
  edaFeatures,
  eventColumns,
  inOwnUnit,
  sampleColumns,
  type Columns,
  type DecomposedEda,
  type DecomposedPart,
  type EdaFeatures,
} from './recording/tables.ts'

// Samples: gaps, scaling, resampling, what a network gets of a decomposition
export { fillGaps, splitAtGaps, type Part } from './signal/gaps.ts'
export { zscore } from './signal/normalize.ts'
export { interpolateLinear } from './signal/resample.ts'
export { CHANNELS, toChannels, type Channel } from './signal/channels.ts'
