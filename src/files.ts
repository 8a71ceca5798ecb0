// galvani/files: readers and writers. They take text or bytes, so they run in a page as well; fflate comes with them.

// Recordings
export { readRecording, readRecordings } from './reading/read.ts'
export { blobSource, memorySource, type Source } from './store/source.ts'
export type { ReadingOptions, TimeUnit } from './reading/options.ts'
export { isoTime, type Marker, type StartTime } from './reading/recording.ts'
export { analyseFiles, type BatchOptions, type OpenDevice, type RecordingFile } from './recording/batch.ts'
export type { SampleColumn } from './recording/tables.ts'
export type { Outcome, RecordingResult } from './recording/result.ts'
export {
  epochFiles,
  fileNames,
  pictureFile,
  tableFiles,
  type Format,
  type Pieces,
  type Times,
} from './recording/files.ts'
export { readEvents } from './reading/events.ts'
export { eventRelated, intervalRelated, type EpochOptions } from './recording/epochs.ts'
export { contactSheet, thumbnail } from './recording/contact_sheet.ts'
export { decompositionSvg } from './recording/picture.ts'
export type { Recording } from './reading/recording.ts'

// Studies
export { openDataset } from './datasets/open_dataset.ts'
export type { DatasetKind, Gsr, OpenedDataset, OpenOptions } from './datasets/layout.ts'
export type { Dimension, Ratings, Trial, TrialSet } from './datasets/trial.ts'
export { loadTrialTable, readTrialTable, type TrialTableFiles, type TrialTableOptions } from './datasets/trial_table.ts'
export {
  readMusicTables,
  songKey,
  withMusic,
  type MusicFeatures,
  type MusicTableOptions,
} from './datasets/music_features.ts'
export { edaFiles, makeEda, type EdaKind, type EdaSettings, type MadeEda } from './datasets/synthetic_eda.ts'
export {
  makeLookalike,
  type LookalikeHooks,
  type LookalikeKind,
  type LookalikeOptions,
  type MadeLookalike,
} from './datasets/lookalike/make.ts'
export { makeRecording, makeTrialTable, type SyntheticRecording, type SyntheticStudy } from './datasets/synthetic.ts'

// What a dataset is
export {
  inspectDataset,
  type DoubtfulSubject,
  type DoubtfulTrial,
  type InspectOptions,
  type Inspection,
} from './evaluation/inspection.ts'
export type { Use } from './evaluation/uses.ts'
export { ratingChart, type RatingChart } from './evaluation/rating_chart.ts'
export { Overview, type DataSummary, type TrialFacts } from './datasets/overview.ts'
export {
  QUALITY_FLAGS,
  qualityFlags,
  trialQuality,
  type QualityFlag,
  type TrialQuality,
} from './datasets/trial_quality.ts'

// Formats
export { formatDocument, toDocument, type JsonDocument, type WritableAs } from './formats/documents.ts'
export type { KeptOf, Kind } from './formats/document_kinds.ts'
export { formatNpy, formatNpz } from './formats/npz.ts'
export { parseSafetensors, serializeSafetensors } from './formats/safetensors.ts'
export { parseTorchCheckpoint } from './formats/torch.ts'
export { renameReleased } from './formats/released_names.ts'

// Where files are kept
export { IndexedDbStore } from './store/indexeddb.ts'
export { MemoryStore } from './store/memory.ts'
export type { Holder, Lock } from './store/lock.ts'
export type { Store } from './store/store.ts'
