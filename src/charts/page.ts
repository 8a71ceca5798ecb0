// The shell of every page that galvani writes: no scripts, no requests, one stylesheet.

import { style } from './style.ts'
import { escapeMarkup, tag } from './svg.ts'

/** A whole HTML document; `body` is markup, `moreStyle` CSS after the common stylesheet. */
export function htmlPage(title: string, body: string, moreStyle = ''): string {
  const head =
    tag('meta', { charset: 'utf-8' }) +
    tag('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }) +
    tag('meta', { 'http-equiv': 'Content-Security-Policy', content: "default-src 'none'; style-src 'unsafe-inline'" }) +
    tag('title', {}, escapeMarkup(title)) +
    `<style>${style}${moreStyle}</style>`
  return `<!doctype html>\n<html lang="en"><head>${head}</head>\n<body><main>${body}</main></body></html>\n`
}
