// What a plan will do, in numbers and in words; nothing here changes it.
import type { Dispatch, Plan } from './plan.ts'
import type { Constants } from './shader.ts'
import { formatShape } from './shape.ts'

/** What one dispatch needs at least: the arithmetic its kernel's host code counted, the traffic the plan counted. */
export interface DispatchCost {
  label: string
  shader: string
  /** Shader and entry point. */
  kernel: string
  constants: Constants
  /** Workgroups. */
  groups: readonly [number, number, number]
  flops: number
  bytes: number
}

/** What all dispatches of a plan need at least. */
export interface PlanCost {
  flops: number
  bytes: number
  /** In the order in which they run. */
  dispatches: DispatchCost[]
}

/**
 * What a run needs at least. Bytes are those of the bound tensors, padding and small tables included, uniforms not: what a
 * dispatch reads counts once however often it is loaded, what it writes once, and what it updates in place twice.
 */
export function planCost(plan: Plan): PlanCost {
  const dispatches = plan.dispatches.map(costOf)
  const total = (of: 'flops' | 'bytes'): number => dispatches.reduce((sum, cost) => sum + cost[of], 0)
  return { flops: total('flops'), bytes: total('bytes'), dispatches }
}

function costOf({ shader, entry, label, tensors, groups, constants, flops, updates }: Dispatch): DispatchCost {
  const bound = Object.keys(shader.entries[entry]?.bindings ?? {})
  const bytes = [...bound, ...updates].reduce((sum, name) => sum + tensors[name]!.byteLength, 0)
  return { label, shader: shader.name, kernel: `${shader.name}.${entry}`, constants, groups, flops, bytes }
}

/** One line per dispatch: label, kernel with constants, workgroups, tensors. */
export function describePlan(plan: Plan): string {
  const lines = plan.dispatches.map((d) => {
    const constants = Object.entries(d.constants).map(([k, v]) => `${k}=${v}`)
    const tensors = Object.entries(d.tensors).map(([k, t]) => `${k}:${formatShape(t.shape)}`)
    const kernel = `${d.shader.name}.${d.entry}${constants.length > 0 ? `<${constants.join(',')}>` : ''}`
    return `${d.label}  ${kernel}  ${d.groups.join('×')}  ${tensors.join(' ')}`
  })
  return lines.join('\n')
}
