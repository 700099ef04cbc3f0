// The TypeScript SDK 2.x, driven by `run`: a command a line in, an answer a line out.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const target = JSON.parse(process.argv[2]);
const manifest = new URL('node_modules/@modelcontextprotocol/client/package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(manifest));
const say = (message) => console.log(JSON.stringify(message));

function transport() {
  if (target.command) {
    const [command, ...args] = target.command;
    return new StdioClientTransport({ command, args });
  }
  const headers = { Authorization: `Bearer ${target.token}` };
  return new StreamableHTTPClientTransport(new URL(target.url), { requestInit: { headers } });
}

/** A revision with a handshake is the only one offered; a later one is pinned. */
function options() {
  const revision = target.revision;
  if (revision === 'auto') return { versionNegotiation: { mode: 'auto' } };
  if (revision < '2026') return { supportedProtocolVersions: [revision] };
  return { versionNegotiation: { mode: { pin: revision } } };
}

const client = new Client({ name: 'acceptance', version: '1' }, options());
await client.connect(transport());
say({ client: 'TypeScript SDK', version, revision: client.getNegotiatedProtocolVersion() });
for await (const line of createInterface({ input: process.stdin })) {
  const { tool, arguments: args } = JSON.parse(line);
  try {
    const asked = tool ? client.callTool({ name: tool, arguments: args }) : client.listTools();
    say({ result: await asked });
  } catch ({ code, message }) {
    say({ error: { code, message } });
  }
}
await client.close();
