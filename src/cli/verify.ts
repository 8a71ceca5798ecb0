import { Command } from 'commander'
import { CheckError } from '../runtime/errors.ts'
import type { OpenOptions } from '../runtime/node.ts'
import type { CaseResult } from '../verify/case.ts'
import { verifyFixtures } from '../verify/fixtures.ts'
import { verifyKernels } from '../verify/kernels.ts'
import { adapterOption, requireFolder, withGpu } from './context.ts'
import { Output, table, type OutputOptions } from './output.ts'

interface VerifyOptions extends OutputOptions, OpenOptions {
  fixtures?: string
}

export function verifyCommand(): Command {
  return new Command('verify')
    .description('Check every kernel against float64 on this machine, or every case of a fixture folder.')
    .option('--fixtures <dir>', 'folder with index.json')
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText('after', '\nExamples:\n  galvani verify\n  galvani verify --fixtures fixtures --json')
    .action(verifyAction)
}

async function verifyAction(options: VerifyOptions): Promise<void> {
  const output = new Output(options)
  let bar: ReturnType<Output['progress']> | null = null
  const onCase = (result: CaseResult, done: number, total: number): void => {
    bar ??= output.progress('verify', total)
    bar.update(done, result.name)
  }
  const { fixtures } = options
  const folder = fixtures === undefined ? null : requireFolder(fixtures)
  const cases = await withGpu(options, (gpu) =>
    folder ? verifyFixtures(gpu, folder, fixtures ?? '', { onCase }) : verifyKernels(gpu, { onCase }),
  ).finally(() => bar?.stop())
  const count = (status: CaseResult['status']): number => cases.filter((c) => c.status === status).length
  const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')]
  const shown = cases.filter(({ status }) => status !== 'passed').map((c) => [c.name, c.status, String(c.error), String(c.tolerance)])
  const failures = shown.length > 0 ? `${table(['case', 'status', 'error', 'tolerance'], shown)}\n` : ''
  output.result({ passed, failed, skipped, cases }, `${failures}${passed} passed, ${failed} failed, ${skipped} skipped`)
  if (failed > 0) throw new CheckError(`${failed} of ${cases.length} cases failed`)
}
