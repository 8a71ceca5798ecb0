import { describe, expect, it } from 'vitest'
import { parseLabelScheme } from '../../src/evaluation/label_scheme.ts'
import { classNames, parseTarget, requireScheme, type Levels, type Target } from '../../src/evaluation/targets.ts'
import { UsageError } from '../../src/runtime/errors.ts'

it('a target is known by its name', () => {
  for (const name of ['arousal', 'valence', 'dominance', 'liking', 'quadrant']) expect(parseTarget(name)).toBe(name)
  const says = "dimension 'familiarity' is unknown; use arousal, valence, dominance, liking, quadrant"
  expect(() => parseTarget('familiarity')).toThrow(says)
  expect(() => parseTarget('familiarity')).toThrow(UsageError)
})

it('classes have names in the order of their numbers', () => {
  expect(classNames('liking')).toEqual(['low', 'high'])
  expect(classNames('valence', 3)).toEqual(['low', 'middle', 'high'])
  expect(classNames('quadrant')).toEqual(['LALV', 'LAHV', 'HALV', 'HAHV'])
})

describe('a scheme', () => {
  const asked = (target: Target, scheme: string, levels?: Levels) => () =>
    requireScheme(target, parseLabelScheme(scheme), levels)

  it.each<[Target, string, Levels?]>([
    ['arousal', 'two-means'],
    ['valence', 'song', 2],
    ['quadrant', 'two-means'],
    ['quadrant', 'song'],
    ['dominance', 'per-dimension'],
    ['liking', 'fixed:5'],
    ['liking', 'column'],
    ['liking', 'per-dimension', 3],
  ])('makes classes of %s by %s', (...args) => expect(asked(...args)).not.toThrow())

  it.each<[Target, string, Levels, string]>([
    [
      'dominance',
      'two-means',
      2,
      "labels 'two-means' are made of valence and arousal together; for --dimension dominance",
    ],
    ['liking', 'song', 2, "labels 'song' are made of valence and arousal together; for --dimension liking"],
    ['quadrant', 'per-dimension', 3, '--levels 3 is for one rating'],
    ['arousal', 'two-means', 3, "labels 'two-means' part ratings in two; for --levels 3 use --labels per-dimension"],
    ['arousal', 'fixed:3', 3, "labels 'fixed' part ratings in two"],
  ])('makes none of %s by %s with %d levels', (target, scheme, levels, says) => {
    expect(asked(target, scheme, levels)).toThrow(says)
    expect(asked(target, scheme, levels)).toThrow(UsageError)
  })
})
