// The validation part of a fold: whole units taken out of its training part until they are a share of it.
import { groupBy } from '../datasets/group.ts'
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
export function holdOut({ rest, share, groupOf, within, stratifyBy, where }: HoldOut, random: Random): number[] {
  if (share <= 0) return []
  const groups = groupBy(rest, groupOf)
  if (groups.size < 2) {
    throw new UsageError(
      `${where}: ${groups.size} training group cannot be split into training and validation; ` +
        'more subjects are needed',
    )
  }
  const byName = unitsByName(groups)
  const draw = (): number[] => {
    const units = shuffled(byName, random)
    return upTo(share * rest.length, within ? evenly(units, within) : units)
  }
  const held = stratifyBy ? mostAlike(rest, stratifyBy, draw) : draw()
  return held.sort((a, b) => a - b)
}

type Unit = [name: string, members: number[]]

/** In order of name, so that what is drawn of them does not depend on the order of the trials. */
export const unitsByName = (groups: ReadonlyMap<string, number[]>): Unit[] =>
  [...groups].sort(([a], [b]) => (a < b ? -1 : 1))

export const shuffled = (units: readonly Unit[], random: Random): Unit[] =>
  Array.from(random.permutation(units.length), (i) => units[i]!)

/** Units until they are as many trials; one is left over. */
function upTo(count: number, units: readonly Unit[]): number[] {
  const held: number[] = []
  for (const [, members] of units.slice(0, -1)) {
    if (held.length >= count) break
    for (const member of members) held.push(member)
  }
  return held
}

/** In such an order that any first part of it has about the same share of each subject's units. */
function evenly(units: readonly Unit[], within: (trial: number) => string): Unit[] {
  const own = groupBy(units, ([, members]) => within(members[0]!))
  const place = new Map([...own.values()].flatMap((of) => of.map((unit, i) => [unit, (i + 0.5) / of.length] as const)))
  return [...units].sort((a, b) => place.get(a)! - place.get(b)!)
}

/** Of many draws the first whose classes have the shares that they have in what the draw leaves, as nearly as any. */
function mostAlike(rest: readonly number[], classes: ArrayLike<number>, draw: () => number[]): number[] {
  const all = counts(rest, classes)
  const apart = (held: readonly number[]): number => {
    const own = counts(held, classes)
    const left = rest.length - held.length
    return [...all].reduce((sum, [k, of]) => {
      const here = own.get(k) ?? 0
      return sum + Math.abs(here / held.length - (of - here) / left)
    }, 0)
  }
  const draws = Array.from({ length: DRAWS }, draw).map((held) => ({ held, apart: apart(held) }))
  return draws.reduce((best, next) => (next.apart < best.apart ? next : best)).held
}

function counts(trials: readonly number[], classes: ArrayLike<number>): Map<number, number> {
  const found = new Map<number, number>()
  for (const trial of trials) found.set(classes[trial]!, (found.get(classes[trial]!) ?? 0) + 1)
  return found
}
