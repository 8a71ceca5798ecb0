import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))

/** Serves an empty page, some scripts by name, and the modules of dist/, on a free port of the loopback interface. */
export async function serve(scripts: Record<string, string>): Promise<{ url: string; close: () => void }> {
  const contentOf = async (name: string) => scripts[name] ?? (await readFile(join(dist, name), 'utf8'))
  const server = createServer((request, response) => {
    const name = (request.url ?? '/').slice(1)
    if (name === '') {
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>galvani</title>')
      return
    }
    contentOf(name).then(
      (text) => response.setHeader('content-type', 'text/javascript').end(text),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() }
}
