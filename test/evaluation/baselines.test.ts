import { describe, expect, it } from 'vitest'
import { majorityClass, songMeans, stimulusMajority } from '../../src/evaluation/baselines.ts'

describe('baselines', () => {
  it('takes the majority of the training trials', () => {
    const labels = [1, 1, 0, 0, 0]
    expect(majorityClass(labels, [0, 1, 2])).toBe(1)
    expect(majorityClass(labels, [2, 3])).toBe(0)
    expect(majorityClass(labels, [1, 2])).toBe(1)
  })

  it('know any number of classes', () => {
    const labels = [2, 0, 2, 1, 1, 3]
    expect(majorityClass(labels, [0, 1, 2, 3])).toBe(2)
    expect(majorityClass(labels, [0, 2, 3, 4, 5])).toBe(2) // two of 2 and two of 1
    expect(majorityClass(labels, [0, 1, 3])).toBe(2)
    const heard = ['ax', 'bx', 'cx', 'dx', 'ex', 'fx'].map(([subject = '', stimulus = '']) => ({ subject, stimulus }))
    expect(stimulusMajority(heard, labels, [1, 2, 3, 4, 5], [0])).toEqual([1])
    expect(stimulusMajority(heard, labels, [0, 2, 3, 4, 5], [1])).toEqual([undefined])
  })

  it('asks other listeners of the stimulus, in training only', () => {
    const trials = ['ax', 'bx', 'cx', 'cy', 'az', 'dx'].map(([subject = '', stimulus = '']) => ({ subject, stimulus }))
    const labels = [1, 0, 0, 1, 1, 1]
    expect(stimulusMajority(trials, labels, [1, 2, 3], [0, 4])).toEqual([0, undefined])
    expect(stimulusMajority(trials, labels, [1, 5], [0])).toEqual([undefined])
    expect(stimulusMajority(trials, labels, [0, 2], [2])).toEqual([1])
  })
})

describe('the mean rating of a song', () => {
  const trials = ['ax', 'bx', 'cx', 'cy', 'az', 'bx'].map(([subject = '', stimulus = '']) => ({ subject, stimulus }))
  const ratings = [1, 4, 7, 2, 9, 5]

  it('is that of other listeners, in training only', () => {
    expect(songMeans(trials, ratings, [1, 2, 3], [0, 4])).toEqual([5.5, undefined])
    expect(songMeans(trials, ratings, [1, 2, 3, 5], [0])).toEqual([16 / 3])
    expect(songMeans(trials, ratings, [0, 1], [5])).toEqual([1])
  })
})
