import { existsSync, readdirSync } from 'node:fs'
import { Command } from 'commander'
import { toDocument } from '../src/formats/documents.ts'
import { DeviceError } from '../src/runtime/errors.ts'
import type { Gpu } from '../src/runtime/gpu.ts'
import type { OpenOptions } from '../src/runtime/node.ts'
import { Plan } from '../src/runtime/plan.ts'
import { relu } from '../src/kernels/elementwise.ts'
import { VERSION } from '../src/version.ts'
import { adapterOption, withGpu } from './shared/context.ts'
import { facts, Output, type OutputOptions } from './shared/output.ts'

const shownLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
] as const

/** What the text calls what has another name in the document. */
const LABELS: Readonly<Record<string, string>> = { vkDriverFiles: 'VK_DRIVER_FILES' }

const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d']

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Show the adapter, run one kernel on it, and say what is missing.')
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  galvani doctor')
    .action(doctorAction)
}

async function doctorAction(options: OutputOptions & OpenOptions): Promise<void> {
  const output = new Output(options)
  const system = {
    galvani: VERSION,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    ...vulkan(),
  }
  const known = Object.entries(system).map(
    ([name, value]) => [LABELS[name] ?? name, Array.isArray(value) ? value.join(', ') || 'none' : value] as const,
  )
  try {
    await withGpu(options, async (gpu) => {
      await runOneKernel(gpu)
      const limits = limitsOf(gpu)
      const features = [...gpu.device.features].sort()
      const rows = [
        ...known,
        ['adapter', gpu.info.description || gpu.info.device],
        ['kind', gpu.info.isFallbackAdapter ? 'software (correct, slow)' : 'hardware'],
        ...Object.entries(limits).map(([name, value]) => [name, String(value)] as const),
        ['features', features.join(', ')],
        ['kernel', 'ran and is correct'],
      ] as const
      output.result(toDocument('doctor', { ...system, adapter: gpu.info, limits, features, kernel: 'ok' }), facts(rows))
    })
  } catch (error) {
    if (error instanceof DeviceError)
      output.result(
        toDocument('doctor', { ...system, adapter: null, problem: error.message }),
        facts([...known, ['adapter', 'none usable']]),
      )
    throw error
  }
}

const limitsOf = ({ limits }: Gpu) =>
  Object.fromEntries(shownLimits.map((name) => [name, limits[name]])) as Record<(typeof shownLimits)[number], number>

/** Where Vulkan drivers are looked for: the variable if it is set, else the system's folders. */
function vulkan(): { vkDriverFiles?: string; vulkanDrivers?: string[] } {
  if (process.platform !== 'linux') return {}
  const chosen = process.env['VK_DRIVER_FILES'] ?? process.env['VK_ICD_FILENAMES']
  if (chosen !== undefined) return { vkDriverFiles: chosen }
  return {
    vulkanDrivers: DRIVER_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) => readdirSync(folder)),
  }
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
  if (y.some((value, i) => value !== Math.max(values[i]!, 0))) {
    throw new DeviceError(`${gpu.info.description}: a simple kernel computed wrong values; update the driver`)
  }
  plan.destroy()
}
