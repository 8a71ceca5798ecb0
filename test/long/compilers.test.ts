// The package's declarations for users of other compilers than ours, `skipLibCheck` off.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { workFolder } from '../cli/support.ts'
import { needs } from '../support/needs.ts'
import { installPacked, manifest } from '../support/packed.ts'
import { everyEntry, misspelt, programs, writeModules } from '../support/user_programs.ts'
import { fetchPackage } from './packages.ts'

/** The last in whose own library there is no WebGPU, and the current one, which has it. */
const VERSIONS = ['5.9.3', '7.0.2']
const home = workFolder()
beforeAll(() => installPacked(home, Object.keys(manifest.dependencies)))

describe.each(VERSIONS.map((version) => fetchPackage('typescript', version)))(
  'TypeScript $version',
  ({ folder, problem }) => {
    function complaints(modules: Readonly<Record<string, string>>, module: string, moduleResolution: string): string {
      const compilerOptions = {
        module,
        moduleResolution,
        target: 'es2022',
        lib: ['es2022', 'dom'],
        types: [],
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
      }
      writeFileSync(
        join(home, 'tsconfig.json'),
        JSON.stringify({ compilerOptions, files: writeModules(home, modules) }),
      )
      return spawnSync(process.execPath, [join(folder, 'bin', 'tsc'), '-p', home], { encoding: 'utf8' }).stdout
    }
    const there = needs(problem === undefined, problem ?? '')

    it.each([
      ['esnext', 'bundler'],
      ['nodenext', 'nodenext'],
    ])('as %s, resolved like %s', there, (module, resolution) => {
      expect(complaints({ ...programs, user: everyEntry }, module, resolution)).toBe('')
      expect(complaints({ wrong: misspelt }, module, resolution)).toContain("'rate'")
    })
  },
)
