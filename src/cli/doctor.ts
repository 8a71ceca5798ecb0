import { Command } from 'commander'
import { DeviceError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Plan } from '../runtime/plan.ts'
import { relu } from '../kernels/elementwise.ts'
import { VERSION } from '../version.ts'
import { withGpu } from './context.ts'
import { Output, table, type OutputOptions } from './output.ts'

const shownLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
] as const

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Show the adapter, run one kernel on it, and say what is missing.')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  galvani doctor')
    .action(async (options: OutputOptions) => {
      await withGpu(async (gpu) => {
        await runOneKernel(gpu)
        const limits = Object.fromEntries(shownLimits.map((name) => [name, gpu.limits[name]]))
        const features = [...gpu.device.features].sort()
        const facts = { galvani: VERSION, node: process.version, platform: `${process.platform}-${process.arch}` }
        const adapter = gpu.info.description || gpu.info.device
        const rows = [
          ...Object.entries(facts),
          ['adapter', adapter],
          ['kind', gpu.info.isFallbackAdapter ? 'software (correct, slow)' : 'hardware'],
          ...Object.entries(limits).map(([name, value]) => [name, String(value)]),
          ['features', features.filter((f) => f === 'subgroups' || f === 'timestamp-query').join(', ') || 'none of interest'],
          ['kernel', 'ran and is correct'],
        ] as string[][]
        new Output(options).result({ ...facts, adapter: gpu.info, limits, features, kernel: 'ok' }, table(['', ''], rows).trimStart())
      })
    })
}

/** @throws DeviceError when the adapter computes something wrong */
async function runOneKernel(gpu: Gpu): Promise<void> {
  const plan = new Plan(gpu)
  const x = plan.input('x', [1000])
  plan.output('y', relu(plan, x))
  await plan.compile()
  const values = Float32Array.from({ length: 1000 }, (_, i) => i - 500)
  plan.write('x', values)
  plan.run()
  const y = await plan.readFloat('y')
  if (y.some((value, i) => value !== Math.max(values[i] as number, 0))) {
    throw new DeviceError(`${gpu.info.description}: a simple kernel computed wrong values; update the driver`)
  }
  plan.destroy()
}
