// The first step of a process whose driver has no compiled kernels on disk.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ColdStart } from '../../bench/step.ts'
import { parseUnrenamed } from '../../src/formats/documents.ts'
import type { ModelConfig } from '../../src/model/config.ts'
import { DeviceError } from '../../src/runtime/errors.ts'
import type { OpenOptions } from '../../src/runtime/node.ts'
import type { Output } from '../shared/output.ts'

/** Where drivers keep compiled kernels: Mesa's and NVIDIA's. */
const CACHE_FOLDERS = ['MESA_SHADER_CACHE_DIR', '__GL_SHADER_DISK_CACHE_PATH']

export interface ColdOptions extends OpenOptions {
  preset: ModelConfig['preset']
  batch: number
}

/** Starts this program once more, with an empty folder for the driver's cache. */
export async function coldChild({ preset, batch, adapter }: ColdOptions, output: Output): Promise<ColdStart> {
  output.note('a first step without compiled kernels')
  const folder = await mkdtemp(join(tmpdir(), 'galvani-cold-'))
  try {
    const env = { ...process.env, ...Object.fromEntries(CACHE_FOLDERS.map((name) => [name, folder])) }
    const options = [
      '--preset',
      preset,
      '--batch',
      String(batch),
      ...(adapter === undefined ? [] : ['--adapter', adapter]),
    ]
    const args = [process.argv[1]!, 'bench', 'step', '--first-only', '--json', '--quiet', ...options]
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    const code = await new Promise<number | null>((resolve, reject) =>
      child.once('error', reject).once('close', resolve),
    )
    if (code !== 0) throw new DeviceError(`the first step of another process failed (exit code ${code ?? 'none'})`)
    return parseUnrenamed('bench-first-step', text, 'the first step') as unknown as ColdStart
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
