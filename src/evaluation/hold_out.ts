// The validation part of a fold: whole units taken out of its training part until they are a share of it.
import { groupBy } from '../datasets/group.ts'
import type { Pieces } from '../runtime/breather.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Random } from '../runtime/random.ts'

/** Draws among which a stratified part is chosen. */
const DRAWS = 100

/** What is held out, by indices of trials. */
export interface HoldOut {
  /** Of the training part. */
  rest: readonly number[]
  /** Least share of `rest`; 0 holds out none. */
  share: number
  /** Name of the unit that a trial belongs to; none is split. */
  groupOf: (trial: number) => string
  /** Takes about the same share of each of these, such as the subject; by default units are taken wherever they fall. */
  within?: (trial: number) => string
  /** Class of each trial: of a hundred draws the one is taken whose classes are shared out most as in the rest. */
  stratifyBy?: ArrayLike<number>
  /** Named in messages. */
  where: string
}

/** Takes whole units at random until their trials reach the share. In the order of the trials. @throws UsageError for a single unit */
export function* holdOut(
  { rest, share, groupOf, within, stratifyBy, where }: HoldOut,
  random: Random,
): Pieces<number[]> {
  if (share <= 0) return []
  const groups = groupBy(rest, groupOf)
  if (groups.size < 2) {
    throw new UsageError(
      `${where}: ${groups.size} training group cannot be split into training and validation; ` +
        'more subjects are needed',
    )
  }
  const byName = unitsByName(groups)
  const draw = (): Unit[] => {
    const units = shuffled(byName, random)
    return upTo(share * rest.length, within ? evenly(units, within) : units)
  }
  const held = stratifyBy ? yield* mostAlike(byName, rest, stratifyBy, draw) : draw()
  return held.flatMap(([, members]) => members).sort((a, b) => a - b)
}

type Unit = [name: string, members: number[]]

/** In order of name, so that what is drawn of them does not depend on the order of the trials. */
export const unitsByName = (groups: ReadonlyMap<string, number[]>): Unit[] =>
  [...groups].sort(([a], [b]) => (a < b ? -1 : 1))

export const shuffled = (units: readonly Unit[], random: Random): Unit[] =>
  Array.from(random.permutation(units.length), (i) => units[i]!)

/** Units until they are as many trials; one is left over. */
function upTo(count: number, units: readonly Unit[]): Unit[] {
  let [held, trials] = [0, 0]
  while (held < units.length - 1 && trials < count) trials += units[held++]![1].length
  return units.slice(0, held)
}

/** In such an order that any first part of it has about the same share of each subject's units. */
function evenly(units: readonly Unit[], within: (trial: number) => string): Unit[] {
  const own = groupBy(units, ([, members]) => within(members[0]!))
  const place = new Map([...own.values()].flatMap((of) => of.map((unit, i) => [unit, (i + 0.5) / of.length] as const)))
  return [...units].sort((a, b) => place.get(a)! - place.get(b)!)
}

/**
 * Of many draws the first whose classes have the shares that they have in what the draw leaves, as nearly as any. Trials are counted once, by
 * unit: a draw is judged by as many additions as it has units.
 */
function* mostAlike(
  units: readonly Unit[],
  rest: readonly number[],
  classes: ArrayLike<number>,
  draw: () => Unit[],
): Pieces<Unit[]> {
  const names = [...new Set(rest.map((trial) => classes[trial]!))]
  const count = (trials: readonly number[]): number[] => {
    const found = names.map(() => 0)
    for (const trial of trials) found[names.indexOf(classes[trial]!)]!++
    return found
  }
  const all = count(rest)
  const ofUnit = new Map(units.map((unit) => [unit, count(unit[1])]))
  const apart = (held: readonly Unit[]): number => {
    const own = names.map(() => 0)
    for (const unit of held) ofUnit.get(unit)!.forEach((here, k) => (own[k]! += here))
    const trials = own.reduce((sum, here) => sum + here, 0)
    const left = rest.length - trials
    return own.reduce((sum, here, k) => sum + Math.abs(here / trials - (all[k]! - here) / left), 0)
  }
  let [best, least]: [Unit[], number] = [[], Infinity]
  for (let count = 0; count < DRAWS; count++) {
    const held = draw()
    const distance = apart(held)
    if (count === 0 || distance < least) [best, least] = [held, distance]
    yield
  }
  return best
}
