// What the merchants' web frameworks do, in little: route, parse JSON, answer.
// It also tells the test, one JSON line a request on standard output, what came
// and how the merchant's handler answered.
//
// The first line on standard output is {"port": …}; the first line on standard
// input is the signing secret, which the handlers find in
// process.env.WEBHOOK_SECRET. When standard input ends, so does the process.
import http from 'node:http';
import readline from 'node:readline';

const tell = (line) => process.stdout.write(JSON.stringify(line) + '\n');

// listen serves one path with a handler in the manner of Express or Next.js:
// req.body is the parsed body, req.rawBody the text as it came, res has
// status, send and json.
export function listen(path, handler) {
  const server = http.createServer((req, res) => {
    const chunks = [];
    req.on('data', (chunk) => chunks.push(chunk));
    req.on('end', () => answer(path, handler, req, res, Buffer.concat(chunks)));
  });
  const input = readline.createInterface({ input: process.stdin });
  input.on('line', (secret) => { process.env.WEBHOOK_SECRET = secret; });
  input.on('close', () => process.exit(0));
  server.listen(0, '127.0.0.1', () => tell({ port: server.address().port }));
}

async function answer(path, handler, req, res, raw) {
  let error = '';
  const reply = (text, type) => {
    res.setHeader('content-type', type);
    res.end(text);
    return res;
  };
  res.status = (code) => { res.statusCode = code; return res; };
  res.send = (text) => reply(text, 'text/plain');
  res.json = (value) => reply(JSON.stringify(value), 'application/json');
  try {
    if (new URL(req.url, 'http://localhost').pathname !== path) {
      res.status(404).send('Not found');
      return;
    }
    req.rawBody = raw.toString('utf8');
    req.body = JSON.parse(req.rawBody);
    await handler(req, res);
  } catch (cause) {
    error = String(cause);
    if (!res.writableEnded) {
      res.status(500).send(error);
    }
  } finally {
    tell({
      url: req.url,
      method: req.method,
      headers: req.headers,
      raw: raw.toString('base64'),
      members: Object.keys(req.body ?? {}),
      stable: JSON.stringify(req.body) === req.rawBody,
      status: res.statusCode,
      verified: res.statusCode === 200,
      error,
    });
  }
}
