// Serves a page of this folder to this machine alone, with the modules of its import map from where npm put them.
//
//   node examples/serve.mjs page                        in a clone, after `npm run build`
//   node node_modules/galvani/examples/serve.mjs page   after `npm install galvani`
//
// A page's name, `page` or `host_app`, and perhaps a port.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

const [page = 'page', port = '8080'] = process.argv.slice(2)

/** The folder that a module lies in. */
const beside = (module) => new URL('.', import.meta.resolve(module))

/** Paths that the import map names, and the page's own. */
const FOLDERS = {
  '/node_modules/galvani/dist/': beside('galvani'),
  '/node_modules/fflate/esm/': beside('fflate/browser'),
  '/': new URL(`${page}/`, import.meta.url),
}
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.map': 'application/json' }

const server = createServer(async (request, response) => {
  try {
    const { pathname } = new URL(request.url, 'http://localhost') // without any `..`
    const [prefix, folder] = Object.entries(FOLDERS).find(([path]) => pathname.startsWith(path))
    const file = fileURLToPath(new URL(`./${pathname.slice(prefix.length) || 'index.html'}`, folder))
    const content = await readFile(file)
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(content)
  } catch {
    response.writeHead(404).end()
  }
})
server.listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`))
