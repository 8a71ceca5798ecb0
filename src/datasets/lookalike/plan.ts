// Who hears which stimuli, where not everybody hears all.

import type { Random } from '../../runtime/random.ts'

/** Kinds of stimuli by what they usually do; the index of a stimulus counts through them. */
const KINDS = 4

/** So many for each of `people`, between `least` and `most`, in all `total`, which must be possible. */
export function shares(
  people: number,
  total: number,
  [least, most]: readonly [number, number],
  random: Random,
): number[] {
  const counts = Array.from({ length: people }, () => least + random.integer(most - least + 1))
  let rest = total - counts.reduce((a, b) => a + b, 0)
  while (rest !== 0) {
    const step = Math.sign(rest)
    const person = random.integer(people)
    const count = counts[person]! + step
    if (count < least || count > most) continue
    counts[person] = count
    rest -= step
  }
  return counts
}

/**
 * Deals stimuli to people as cards of four decks, one of each kind, in turn: every person gets as many of each kind, and every stimulus
 * about as many people; none twice. A quarter of `stimuli` must be at least a quarter of the largest count, rounded up.
 */
export function deal(counts: readonly number[], stimuli: readonly number[], random: Random): number[][] {
  const decks = Array.from({ length: KINDS }, (_, kind) => {
    const cards = stimuli.filter((stimulus) => stimulus % KINDS === kind)
    return { cards, queue: [] as number[] }
  })
  return counts.map((count, person) => {
    const hand: number[] = []
    for (let i = 0; i < count; i++) hand.push(draw(decks[(person + i) % KINDS]!, hand, random))
    return Array.from(random.permutation(count), (i) => hand[i]!)
  })
}

/** The next card of a deck that is not in the hand; an empty deck is shuffled anew. */
function draw({ cards, queue }: { cards: number[]; queue: number[] }, hand: readonly number[], random: Random): number {
  for (;;) {
    const at = queue.findIndex((card) => !hand.includes(card))
    if (at >= 0) return queue.splice(at, 1)[0]!
    for (const i of random.permutation(cards.length)) queue.push(cards[i]!)
  }
}
