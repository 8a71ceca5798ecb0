// The random numbers of a run all come from its one seed; each use has streams of its own, so that no two share numbers.
// Streams from 0 on are those of the initial weights, one per parameter (`initialise`).

export const TEST_PARTS_STREAM = 0x01000000
/** Plus the fold's index. */
export const VALIDATION_STREAM = 0x02000000
export const BOOTSTRAP_STREAM = 0x03000000
/** Plus the tree's index. */
export const FOREST_STREAM = 0x05000000

/** Which subjects a share of them is. */
export const SHARE_STREAM = 0x08000000
/** Labels shuffled within subjects. */
export const CONTROL_STREAM = 0x09000000

/** Labels of several classes shuffled within subjects, to judge predictions. */
export const CLASS_PERMUTATION_STREAM = 0x0a000000

/** Ratings shuffled within subjects, to judge predictions. */
export const RATING_PERMUTATION_STREAM = 0x0b000000

/** Orders in which segments of a trial are taken away; plus the trial's place. */
export const SANITY_STREAM = 0x0c000000

/** Order of a fold's training trials in one epoch. */
export const shuffleStream = (fold: number, epoch: number): number => 0x10000000 + fold * 2 ** 16 + epoch
