import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
}

/** Serves the files of a folder, with these headers, as any web server does. */
export async function serveFolder(folder: string, headers: Readonly<Record<string, string>> = {}): Promise<Served> {
  return await listen(
    createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost')
      const name = pathname === '/' ? 'index.html' : pathname.slice(1)
      readFile(join(folder, name)).then(
        (content) => response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? '', ...headers }).end(content),
        () => response.writeHead(404).end(),
      )
    }),
  )
}

export interface Served {
  url: string
  close: () => void
}

/** Serves an empty page, some scripts by name, and the modules of dist/, on a free port of the loopback interface. */
export async function serve(scripts: Record<string, string>): Promise<Served> {
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
  return await listen(server)
}

async function listen(server: Server): Promise<Served> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() }
}
