// Drives an official SDK of the venue against a simulator: one call a line in, one answer a line out.
//
// SDK 1 takes its address from V3_API_URL. SDK 2 has its addresses written in, so what it sends is
// taken to the simulator unchanged: requests by a fetch that replaces the host alone, the stream by a
// connection that leaves TLS out. Paths, headers, bodies and signatures are the SDK's own.
import net from 'node:net'
import readline from 'node:readline'
import tls from 'node:tls'

const [, , which, base] = process.argv
const { hostname: host, port } = new URL(base)
const credentials = {
  key: process.env.SDK_KEY,
  secret: process.env.SDK_SECRET,
  passphrase: process.env.SDK_PASSPHRASE,
}

function redirectFetch() {
  const send = globalThis.fetch
  globalThis.fetch = async (request) => {
    const url = new URL(request.url)
    const body = await request.arrayBuffer()
    return send(`${base}${url.pathname}${url.search}`, {
      method: request.method,
      headers: request.headers,
      body: body.byteLength > 0 ? body : undefined,
    })
  }
}

async function client() {
  if (which === 'v1') {
    const sdk = await import('lnmarkets-sdk-v1/v3')
    return sdk.createHttpClient(credentials)
  }
  if (which === 'v2') {
    redirectFetch()
    const sdk = await import('lnmarkets-sdk-v2/rest/v3')
    return sdk.createHttpClient(credentials)
  }
  tls.connect = () => net.connect({ host, port: Number(port) })
  const sdk = await import('lnmarkets-sdk-v2/stream/v1')
  const stream = sdk.createStreamClient({ reconnectEnabled: false })
  await stream.connect()
  return stream
}

function methods(value, path = '') {
  return Object.entries(value).flatMap(([name, part]) => {
    if (typeof part === 'function') return [`${path}${name}`]
    return part?.constructor === Object ? methods(part, `${path}${name}.`) : []
  })
}

async function failure(error) {
  const body = error.data ?? (error.response?.bodyUsed ? null : await error.response?.text())
  return { name: error.name, message: error.message, status: error.response?.status, body, code: error.code }
}

function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

const target = await client()
if (which === 'stream') {
  target.on('error', (error) => say({ event: 'error', data: error.message }))
  target.on('close', (code) => say({ event: 'close', data: code }))
}
say({ ready: methods(target) })

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { call, args } = JSON.parse(line)
  if (call === 'on') {
    for (const topic of args) target.on(topic, (data) => say({ event: topic, data }))
    say({ result: null })
    continue
  }
  const path = call.split('.')
  const owner = path.slice(0, -1).reduce((value, name) => value[name], target)
  try {
    say({ result: (await owner[path.at(-1)](...args)) ?? null })
  } catch (error) {
    say({ error: await failure(error) })
  }
}
if (which === 'stream') target.close()
