// What Dawn says of a limit does not reach stderr, all else does, and stderr is afterwards what it was: in programs of their own.
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { workFolder } from '../cli/support.ts'
import { needs } from '../support/needs.ts'
import { bundle, program } from '../support/programs.ts'

const folder = workFolder()
const line = (kind: string, least = 16): string =>
  `Warning: maxDynamic${kind}BuffersPerPipelineLayout artificially reduced from 1000000 to ${least} to fit dynamic offset allocation limit.\n`

const imports = `
import { closeSync, readdirSync, readlinkSync, writeSync } from 'node:fs'
import { withoutLimitWarnings } from '../src/runtime/dawn_stderr.ts'
const stderr = () => readlinkSync('/proc/self/fd/2')
const say = (text) => void writeSync(2, text)
`

describe('stderr', needs(process.platform === 'linux', 'only on Linux does Dawn print these lines'), () => {
  it('stays empty and what it was while adapters are opened, one after another and in threads of their own', async () => {
    const worker = await bundle(`
      import { openGpu } from '../src/runtime/node.ts'
      import { parentPort } from 'node:worker_threads'
      const gpu = await openGpu()
      await gpu.close()
      parentPort.postMessage('closed')`)
    const found = await program(`${imports}
      import { openGpu } from '../src/runtime/node.ts'
      import { Worker } from 'node:worker_threads'
      import { once } from 'node:events'
      const before = stderr()
      for (let i = 0; i < 2; i++) await (await openGpu()).close()
      const workers = Array.from({ length: 4 }, () => new Worker(${JSON.stringify(worker)}))
      await Promise.all(workers.map((worker) => once(worker, 'exit')))
      console.log(JSON.stringify(stderr() === before && before.startsWith('socket:')))`)
    rmSync(worker)
    expect(found).toEqual({ code: 0, stderr: '', value: true })
  })

  it('gets all else, as it was written', async () => {
    const found = await program(`${imports}
      const files = () => readdirSync('/proc/self/fd').length
      await withoutLimitWarnings(() => undefined)
      const before = [stderr(), files()]
      const result = await withoutLimitWarnings(() => {
        const meanwhile = stderr()
        say(${JSON.stringify(`${line('Uniform')}a driver's error\n${line('Storage')}`)})
        say(${JSON.stringify(`${line('Uniform').trimEnd()} Not that line\n ${line('Uniform')}\u00ff\0 no line`)})
        return Promise.resolve(meanwhile)
      })
      say(', and what comes after')
      const after = [stderr(), files()]
      console.log(JSON.stringify({ other: result !== before[0], same: String(before) === String(after) }))`)
    expect(found.stderr).toBe(
      `a driver's error\n${line('Uniform').trimEnd()} Not that line\n ${line('Uniform')}\u00ff\0 no line, and what comes after`,
    )
    expect(found).toMatchObject({ code: 0, value: { other: true, same: true } })
  })

  it('is put back after work that throws or is refused', async () => {
    const found = await program(`${imports}
      const before = stderr()
      const messages = []
      for (const work of [() => { say('1\\n'); throw new Error('thrown') }, () => Promise.reject(new Error('refused'))]) {
        await withoutLimitWarnings(work).catch((error) => messages.push(error.message))
        messages.push(stderr() === before)
      }
      console.log(JSON.stringify(messages))`)
    expect(found).toEqual({ code: 0, stderr: '1\n', value: ['thrown', true, 'refused', true] })
  })

  it('gets the last words of a process that dies', async () => {
    const found = await program(`${imports}
      await withoutLimitWarnings(() => {
        say(${JSON.stringify(`${line('Uniform')}LLVM ERROR: out of luck\n`)})
        process.kill(process.pid, 'SIGKILL')
        for (;;);
      })`)
    expect(found).toMatchObject({ code: null, stderr: 'LLVM ERROR: out of luck\n' })
  })

  it('gets what comes after Ctrl-C in a program that goes on', async () => {
    const found = await program(
      `${imports}
      process.on('SIGINT', () => undefined)
      await withoutLimitWarnings(() => {
        process.kill(-process.pid, 'SIGINT')
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
        say('after\\n')
      })`,
      { detached: true },
    )
    expect(found).toMatchObject({ code: 0, stderr: 'after\n' })
  })

  it('gets everything where there is no sed, and may be closed', async () => {
    const plain = await program(
      `${imports}
      await withoutLimitWarnings(() => undefined)
      const before = readdirSync('/proc/self/fd').length
      await withoutLimitWarnings(() => say(${JSON.stringify(line('Uniform'))}))
      console.log(JSON.stringify(readdirSync('/proc/self/fd').length === before))`,
      { env: { PATH: '/nonexistent' } },
    )
    expect(plain).toEqual({ code: 0, stderr: line('Uniform'), value: true })
    const closed = await program(`${imports}
      closeSync(2)
      console.log(JSON.stringify(await withoutLimitWarnings(() => 'done')))`)
    expect(closed).toEqual({ code: 0, stderr: '', value: 'done' })
  })

  it('shares its place in a file with stdout', async () => {
    const file = join(folder, 'log')
    const compiled = await bundle(`${imports}
      writeSync(1, 'out 1\\n')
      await withoutLimitWarnings(() => say(${JSON.stringify(`${line('Uniform')}native\n`)}))
      writeSync(1, 'out 2\\n')
      console.error('err')
      writeSync(1, 'out 3\\n')`)
    const log = openSync(file, 'w')
    spawnSync(process.execPath, [compiled], { stdio: ['ignore', log, log] })
    closeSync(log)
    rmSync(compiled)
    expect(readFileSync(file, 'utf8')).toBe('out 1\nnative\nout 2\nerr\nout 3\n')
  })

  it('is still a terminal', needs(existsSync('/usr/bin/script'), 'script (util-linux) is not installed'), async () => {
    const compiled = await bundle(`${imports}
      import { isatty } from 'node:tty'
      await withoutLimitWarnings(() => say(${JSON.stringify(`${line('Uniform')}native\n`)}))
      process.stderr.write('columns ' + process.stderr.columns + ' ' + isatty(2) + '\\n')`)
    const command = join(folder, 'command')
    writeFileSync(command, `#!/bin/sh\nstty cols 77\nexec '${process.execPath}' '${compiled}'\n`, { mode: 0o755 })
    const shown = execFileSync('script', ['-qec', `'${command}'`, '/dev/null'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    rmSync(compiled)
    expect(shown).toBe('native\r\ncolumns 77 true\r\n')
  })
})
