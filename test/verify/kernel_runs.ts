// What `verify` must run on this adapter, from the tables of cases and kernels and from what plans say can run.
import { sizeOf } from '../../src/reference/array.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { Plan } from '../../src/runtime/plan.ts'
import { OpContext } from '../../src/verify/op_context.ts'
import { opCases, opRecords, type ListedCase } from '../../src/verify/op_list.ts'

/** The lists of all ops that have several kernels. */
export const kernelTables: Readonly<Record<string, readonly { name: string }[]>> = Object.assign(
  {},
  ...opRecords.map(({ variants = {} }) => variants),
)

type Choice = Pick<Plan['choices'][number], 'op' | 'shape' | 'variant' | 'candidates'>

/** The choices between kernels that a case meets, as its plan notes them; nothing is compiled. */
function choicesIn(gpu: Gpu, { attrs, inputs, record }: ListedCase): readonly Choice[] {
  if (record.run.on !== 'plan') return [] // those have one kernel
  const arrays = new Map(
    Object.entries(inputs).map(([name, shape]) => [name, { shape, data: new Float32Array(sizeOf(shape)) }]),
  )
  const plan = new Plan(gpu)
  record.run.record(new OpContext(plan, arrays, attrs))
  const { choices } = plan
  plan.destroy()
  return choices
}

/**
 * Run k of a case asks each op for kernel k of its table, or the last; where that does not run, the op's own choice takes its
 * place. `count`: how many runs of all cases differ from those before, the adapter's own choice being the first. `missing`: kernels
 * that could run and would not.
 */
export function expectedKernelRuns(gpu: Gpu): { count: number; missing: string[] } {
  let count = 0
  const missing: string[] = []
  for (const kernelCase of opCases) {
    const choices = choicesIn(gpu, kernelCase)
    const wanted = new Set(
      choices.flatMap(({ op, shape, candidates }) => candidates.map((name) => `${op} ${shape} ${name}`)),
    )
    const ran = new Set<string>()
    const longest = Math.max(0, ...choices.map(({ op }) => kernelTables[op]!.length))
    for (let k = -1; k < longest; k++) {
      const run = choices.map(({ op, shape, variant, candidates }) => {
        const asked = kernelTables[op]!.at(Math.min(k, kernelTables[op]!.length - 1))!.name
        return `${op} ${shape} ${k >= 0 && candidates.includes(asked) ? asked : variant}`
      })
      run.forEach((name) => wanted.delete(name))
      ran.add(run.join())
    }
    // The adapter's own choice is always among the results; a later run that repeats one is not.
    count += ran.size
    missing.push(...wanted)
  }
  return { count, missing }
}
