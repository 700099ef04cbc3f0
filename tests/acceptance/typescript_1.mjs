// The TypeScript SDK 1.x, driven by `run`: a command a line in, an answer a line out.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const target = JSON.parse(process.argv[2]);
const manifest = new URL('node_modules/@modelcontextprotocol/sdk/package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(manifest));
const say = (message) => console.log(JSON.stringify(message));

/** Offers the revision asked for, and notes the one agreed on; the SDK alone offers its newest. */
class Offering extends Client {
  async request(request, ...rest) {
    if (request.method !== 'initialize') return super.request(request, ...rest);
    const params = { ...request.params, protocolVersion: target.revision };
    const result = await super.request({ ...request, params }, ...rest);
    this.revision = result.protocolVersion;
    return result;
  }
}

function transport() {
  if (target.command) {
    const [command, ...args] = target.command;
    return new StdioClientTransport({ command, args });
  }
  const headers = { Authorization: `Bearer ${target.token}` };
  return new StreamableHTTPClientTransport(new URL(target.url), { requestInit: { headers } });
}

const client = new Offering({ name: 'acceptance', version: '1' });
const link = transport();
await client.connect(link);
say({ client: 'TypeScript SDK', version, revision: client.revision });
for await (const line of createInterface({ input: process.stdin })) {
  const { tool, arguments: args } = JSON.parse(line);
  try {
    const asked = tool ? client.callTool({ name: tool, arguments: args }) : client.listTools();
    say({ result: await asked });
  } catch ({ code, message }) {
    say({ error: { code, message } });
  }
}
await link.terminateSession?.();
await client.close();
