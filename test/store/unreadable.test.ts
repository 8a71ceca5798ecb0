import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { NodeStore } from '../../src/store/node.ts'
import { needs } from '../support/needs.ts'

const root = mkdtempSync(join(tmpdir(), 'galvani-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('what is no folder has no names, and a folder that may not be listed is no empty one', async () => {
  writeFileSync(join(root, 'file'), 'x')
  symlinkSync('circle', join(root, 'circle'))
  const store = new NodeStore(root)
  expect([await store.list('file'), await store.list('nowhere'), await store.list('circle')]).toEqual([[], [], []])
  // A name longer than any system takes fails as a folder of somebody else does.
  await expect(store.list('n'.repeat(5000))).rejects.toThrow(/cannot be read \(ENAMETOOLONG\)$/)
})

it(
  'a folder of somebody else is refused',
  needs(process.getuid?.() !== 0, 'the superuser may list any folder'),
  async () => {
    mkdirSync(join(root, 'locked'))
    chmodSync(join(root, 'locked'), 0)
    await expect(new NodeStore(root).list('locked')).rejects.toThrow(/locked: cannot be read \(EACCES\)$/)
  },
)
