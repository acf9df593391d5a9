// Answers each case of stdin with what the snippet says.
import { readFileSync } from 'node:fs'
import { verify } from './snippet.mjs'

const cases = JSON.parse(readFileSync(0))
console.log(JSON.stringify(cases.map((c) => verify(Buffer.from(c.body, 'base64'), c.headers, c.secret, c.now))))
